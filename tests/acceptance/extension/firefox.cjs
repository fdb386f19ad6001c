// Firefox without a window, with the extension in it. Reads what to do as JSON from the command line:
// {tools, firefox, extension, address, token}; writes what was seen as JSON.

const { createRequire } = require("node:module");

/** The address of the extension's pages; Firefox makes one up unless it is told. */
const UUID = "7c1d3a52-5f0e-4b57-9d5c-3e1f6a2b4c8d";
const PAGES = `moz-extension://${UUID}`;
const PATIENCE = 60_000;

async function main({ tools, firefox, extension, address, token }) {
  const puppeteer = createRequire(`${tools}/`)("puppeteer-core");
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: firefox,
    headless: true,
    timeout: PATIENCE,
    extraPrefsFirefox: { "extensions.webextensions.uuids": JSON.stringify({ "extension@mangaflux": UUID }) },
  });
  try {
    const id = await browser.installExtension(extension);
    return { id, ...(await look(browser, address, token)) };
  } finally {
    await browser.close();
  }
}

async function look(browser, address, token) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(`${PAGES}/views/options.html`);
  await page.waitForSelector("#cache .bar");
  const titles = await page.$$eval("h2", (found) => found.map((each) => each.textContent));
  const wrong = await pair(page, address, "wrong");
  const right = await pair(page, address, token);
  return { titles, wrong, right, problems };
}

async function pair(page, address, token) {
  await page.goto(`${PAGES}/views/pairing.html`);
  await page.waitForFunction(() => document.title === "Pair with your server");
  await page.$eval("#address", (field, value) => (field.value = value), address);
  await page.$eval("#token", (field, value) => (field.value = value), token);
  await page.click("#pair");
  await page.waitForSelector("#outcome .notice");
  return page.$eval("#outcome", (element) => element.textContent);
}

main(JSON.parse(process.argv[2])).then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error) => {
    process.stderr.write(String(error.stack));
    process.exitCode = 1;
  },
);
