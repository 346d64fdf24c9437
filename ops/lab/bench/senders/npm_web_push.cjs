// npm `web-push` as it is meant to be used in bulk: `node npm_web_push.cjs MODULES JOB KEYS`, one agent whose
// connections stay, 100 at a time. MODULES is where the package is installed, KEYS the VAPID pair as Base64.
"use strict";
const fs = require("fs");
const https = require("https");
const path = require("path");

const [modules, jobFile, publicKey, privateKey] = process.argv.slice(2);
const webpush = require(path.join(modules, "web-push"));
const job = JSON.parse(fs.readFileSync(jobFile));
const CONCURRENCY = 100;
const WARM_UP = 300;
const agent = new https.Agent({ keepAlive: true, maxSockets: CONCURRENCY, ca: fs.readFileSync(job.ca_file) });
webpush.setVapidDetails("mailto:leitstelle@example.org", publicKey, privateKey);

async function send(count) {
  let next = 0;
  async function work() {
    while (next < count) {
      const number = next++;
      const keys = job.keys[number % job.keys.length];
      const endpoint = `${job.origin}/push/${String(number).padStart(32, "0")}`;
      const options = { TTL: 3600, urgency: "high", topic: "k".repeat(32), agent, timeout: 30000 };
      const answer = await webpush.sendNotification({ endpoint, keys }, job.payload, options);
      if (answer.statusCode !== 201) throw new Error(`status ${answer.statusCode}`);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

async function main() {
  await send(Math.min(WARM_UP, job.count));
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await send(job.count);
  const used = process.cpuUsage(cpu);
  const wall_s = Number(process.hrtime.bigint() - wall) / 1e9;
  console.log(JSON.stringify({ count: job.count, wall_s, cpu_s: (used.user + used.system) / 1e6 }));
  agent.destroy();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
