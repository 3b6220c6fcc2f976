// Measures a model with node-llama-cpp and prints one line of JSON.
// usage: node node-llama-cpp.mjs MODEL THREADS PROMPT_TOKENS GENERATED_TOKENS SEQUENCES
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [modelPath, ...numbers] = process.argv.slice(2);
const [threads, promptTokens, generatedTokens, sequences] = numbers.map(Number);

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: threads});
const model = await llama.loadModel({modelPath});
const context = await model.createContext({
    threads,
    sequences,
    batchSize: 512,
    contextSize: (Math.max(promptTokens, generatedTokens) + 8) * sequences
});
const all = Array.from({length: sequences}, () => context.getSequence());
const randomTokens = count => Array.from({length: count}, () => Math.floor(Math.random() * 1000) + 100);

async function prompt(count) {
    await all[0].clearHistory();
    const tokens = randomTokens(count);
    const start = performance.now();
    await all[0].evaluateWithoutGeneratingNewTokens(tokens);
    return count / (performance.now() - start) * 1000;
}

async function generate(sequence, count) {
    await sequence.clearHistory();
    let left = count;
    // An end token ends the iteration; random weights may give one at any time, so it begins again.
    while (left > 0) {
        for await (const _ of sequence.evaluate(randomTokens(1), {temperature: 1, yieldEogToken: true})) {
            if (--left <= 0) break;
        }
    }
}

async function generation(count) {
    const start = performance.now();
    await Promise.all(all.map(sequence => generate(sequence, count)));
    return count * sequences / (performance.now() - start) * 1000;
}

const rates = {};
if (promptTokens > 0) {
    await prompt(Math.min(promptTokens, 32));
    rates.prompt = await prompt(promptTokens);
}

if (generatedTokens > 0) {
    await generation(2);
    rates.generation = await generation(generatedTokens);
}

console.log(JSON.stringify(rates));
await llama.dispose();
