// Opens each page of a directory at the width of a phone and of a desk, by day and by night: see scripts/check-page.
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");
const { chromium } = require("playwright-core");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const BROWSER = process.env.CHROMIUM || "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const directory = process.argv[2];
const policy = fs.readFileSync(path.join(directory, "policy.txt"), "utf8").trim();

async function open(browser, url, width, scheme, bypassCSP) {
  const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme: scheme, bypassCSP });
  const page = await context.newPage();
  const told = [];
  page.on("console", (message) => { if (message.type() === "error") told.push(message.text()); });
  page.on("pageerror", (error) => told.push(String(error)));
  await page.goto(url);
  return { context, page, told };
}

async function look(browser, url, name, width, scheme) {
  const label = `${name}-${width}-${scheme}`;
  const guarded = await open(browser, url, width, scheme, false);
  const wide = await guarded.page.evaluate(() => document.documentElement.scrollWidth);
  const cut = await guarded.page.evaluate(() => [...document.querySelectorAll("td, dd, p")].filter(
    (each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline").length);
  await guarded.page.screenshot({ path: path.join(directory, `${label}.png`) });
  if (width === 1280 && scheme === "dark") { // paper is white by night too
    await guarded.page.pdf({ path: path.join(directory, `${name}.pdf`), format: "A4" });
  }
  const told = [...guarded.told];
  await guarded.context.close();
  const bare = await open(browser, url, width, scheme, true);
  await bare.page.evaluate(AXE);
  const found = await bare.page.evaluate(() => window.axe.run());
  await bare.context.close();
  const problems = [
    ...found.violations.map((each) => `${each.id} (${each.impact}): ${each.help}; ${each.nodes.length} times, first ${each.nodes[0].html.slice(0, 160)} ${each.nodes[0].failureSummary.slice(0, 300)}`),
    ...told.map((text) => `console: ${text}`),
    ...(wide > width ? [`${wide} pixels wide`] : []),
    ...(cut ? [`${cut} cells are cut`] : []),
  ];
  console.log(`${label}: ${found.passes.length} rules of axe-core hold, ${problems.length} problems`);
  problems.forEach((text) => console.log(`  ${text}`));
  return problems.length;
}

// All pictures on one sheet: a row for each fleet, by day and by night, at a desk and on a phone.
async function sheet(browser, names) {
  const shots = ["1280-light", "390-light", "1280-dark", "390-dark"];
  const picture = (name, shot) => {
    const bytes = fs.readFileSync(path.join(directory, `${name}-${shot}.png`)).toString("base64");
    return `<img src="data:image/png;base64,${bytes}" height="422" alt="">`;
  };
  const row = (name) => `<p>${shots.map((shot) => picture(name, shot)).join(" ")}</p>`;
  const page = await browser.newPage({ viewport: { width: 1720, height: 600 } });
  await page.setContent(`<body style="margin:8px;background:#888">${names.map(row).join("")}</body>`);
  await page.screenshot({ path: path.join(directory, "sheet.png"), fullPage: true });
}

async function main() {
  const server = http.createServer((request, response) => {
    const file = path.join(directory, path.basename(request.url));
    if (!fs.existsSync(file)) { response.writeHead(404).end(); return; }
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
    response.end(fs.readFileSync(file));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const browser = await chromium.launch({ executablePath: BROWSER, args: ARGS });
  let problems = 0;
  const plants = (file) => Number(file.match(/\d+/)[0]);
  const files = fs.readdirSync(directory).filter((each) => each.endsWith(".html")).sort((a, b) => plants(a) - plants(b));
  for (const file of files) {
    for (const width of [390, 1280]) {
      for (const scheme of ["light", "dark"]) {
        const url = `http://127.0.0.1:${server.address().port}/${file}`;
        problems += await look(browser, url, path.basename(file, ".html"), width, scheme);
      }
    }
  }
  await sheet(browser, files.map((file) => path.basename(file, ".html")));
  await browser.close();
  server.close();
  process.exitCode = problems ? 1 : 0;
}

main();
