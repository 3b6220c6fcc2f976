// OpenAI's own package for JavaScript against the server at the address it is given.
import assert from "node:assert/strict";
import OpenAI from "openai";

const model = "autoglm-mini";
const client = new OpenAI({ baseURL: process.argv[2] + "v1", apiKey: "none", maxRetries: 0, timeout: 300_000 });
const messages = [{ role: "user", content: "Name three colours." }];
const greedy = { model, messages, temperature: 0, max_tokens: 6 };
const parameters = {
  type: "object",
  properties: { city: { type: "string", enum: ["Paris", "Oslo"] } },
  required: ["city"],
  additionalProperties: false,
};
const weather = { name: "get_weather", description: "Tells the weather of a city.", parameters, strict: true };

const checks = {
  async chat() {
    const answer = await client.chat.completions.create(greedy);
    assert.equal(answer.choices[0].finish_reason, "length");
    assert.equal(answer.usage.completion_tokens, 6);
    return answer.choices[0].message.content;
  },

  async stream(whole) {
    const stream = await client.chat.completions.create({ ...greedy, stream: true, stream_options: { include_usage: true } });
    let text = "", usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.chat);
    assert.equal(usage.completion_tokens, 6);
  },

  async tools() {
    const runner = client.chat.completions.stream({
      ...greedy,
      max_tokens: 60,
      tools: [{ type: "function", function: weather }],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    const answer = await runner.finalChatCompletion();
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(call.function.name, "get_weather");
    assert.ok(["Paris", "Oslo"].includes(JSON.parse(call.function.arguments).city));
  },

  async structuredOutput() {
    const answer = await client.chat.completions.parse({
      ...greedy,
      max_tokens: 40,
      response_format: { type: "json_schema", json_schema: { name: "place", schema: parameters, strict: true } },
    });
    assert.ok(["Paris", "Oslo"].includes(JSON.parse(answer.choices[0].message.content).city));
  },

  async embeddings() {
    const answer = await client.embeddings.create({ model, input: ["The sea is calm.", "The ocean is calm."] });
    assert.equal(answer.data.length, 2);
    for (const { embedding } of answer.data) assert.ok(Math.abs(embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-3);
  },

  async models() {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    assert.deepEqual(ids, [model]);
    assert.equal((await client.models.retrieve(model)).id, model);
  },

  async errors() {
    await assert.rejects(client.models.retrieve("gpt-4"), error => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
    await assert.rejects(
      client.chat.completions.create({ ...greedy, temperature: -1 }),
      error => error instanceof OpenAI.BadRequestError && error.param === "temperature" && error.requestID.startsWith("req_"));
  },

  async responses(whole) {
    const answer = await client.responses.create({ model, input: messages, temperature: 0, max_output_tokens: 16 });
    assert.equal(answer.status, "incomplete");
    assert.ok(answer.output_text.startsWith(whole.chat));
    assert.deepEqual((await client.responses.retrieve(answer.id)).output, answer.output);

    const stream = client.responses.stream({ model, input: "And more?", previous_response_id: answer.id, temperature: 0, max_output_tokens: 16 });
    let text = "";
    stream.on("response.output_text.delta", event => (text += event.delta));
    const next = await stream.finalResponse();
    assert.equal(next.output[0].content[0].text, text);
    assert.equal(next.previous_response_id, answer.id);

    const call = await client.responses.create({ model, input: "Weather in Oslo?", tools: [{ type: "function", ...weather }], tool_choice: "required", parallel_tool_calls: false, temperature: 0, max_output_tokens: 80 });
    assert.equal(call.output[0].type, "function_call");
    assert.ok(["Paris", "Oslo"].includes(JSON.parse(call.output[0].arguments).city));

    await client.responses.delete(answer.id);
    await assert.rejects(client.responses.retrieve(answer.id), OpenAI.NotFoundError);
  },
};

const results = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    results[name] = (await check(results)) ?? "ok";
    console.log(`${name}: ok`);
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
