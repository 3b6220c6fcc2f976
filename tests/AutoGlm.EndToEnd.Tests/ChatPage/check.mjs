// A person at the chat page: ADDRESS BROWSER KEY
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [address, executablePath, key] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
const wrong = [];
page.on("pageerror", error => wrong.push(error.message));
page.on("console", message => message.type() === "error" && !message.text().includes("401") && wrong.push(message.text()));
page.setDefaultTimeout(300_000);

const idle = () => page.waitForFunction(() => document.getElementById("send").textContent === "Send");
const texts = who => page.locator(`.${who} .text`).allTextContents();

const checks = {
  async key() {
    await page.goto(address);
    await page.locator("#door[open]").waitFor();
    await page.fill("#key", "wrong");
    await page.keyboard.press("Enter");
    await page.getByText("That API key is wrong").waitFor();
    await page.fill("#key", key);
    await page.keyboard.press("Enter");
    await page.getByText("autoglm-mini", { exact: true }).waitFor();
  },

  async chat() {
    await page.fill("#words", "Say <b>hello</b>, and nothing else.");
    await page.keyboard.press("Enter");
    await page.locator(".assistant .text", { hasText: /\S/ }).waitFor();
    await stopIfLong();
    assert.deepEqual(await texts("user"), ["Say <b>hello</b>, and nothing else."]);
    assert.notEqual((await texts("assistant"))[0].trim(), "");
    assert.equal(await page.locator("main b").count(), 0);
  },

  async stop() {
    await page.fill("#words", "Tell me a very long story about the sea.");
    await page.click("#send");
    await page.locator(".assistant").nth(1).locator(".text").waitFor();
    await stopIfLong();
    assert.equal(await page.locator(".wrong").count(), 0);
    assert.equal((await texts("assistant")).length, 2);
  },

  async fresh() {
    await page.click("#fresh");
    assert.equal(await page.locator(".message").count(), 0);
    await page.fill("#words", "Hi");
    await page.keyboard.press("Enter");
    await page.locator(".assistant .text").waitFor();
    await stopIfLong();
    assert.deepEqual(await texts("user"), ["Hi"]);
  },

  async errors() {
    await page.fill("#words", "word ".repeat(3000));
    await page.keyboard.press("Enter");
    await page.locator(".wrong").waitFor();
    await idle();
    assert.match(await page.locator(".wrong").textContent(), /context/);
    assert.deepEqual(wrong.filter(text => !text.includes("400")), []);
  },
};

/** Answers go on for as long as they like: whoever watches stops them. */
async function stopIfLong() {
  if ((await page.textContent("#send")) === "Stop") await page.click("#send");
  await idle();
}

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`${name}: ok`);
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
await browser.close();
