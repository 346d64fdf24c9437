// npm `firebase-admin`, by `sendEach()`, 500 at a time: `node firebase_admin.cjs MODULES JOB`. MODULES is where the
// package is installed. It knows no address of FCM but Google's, so Node is told where to connect for that.
"use strict";
const fs = require("fs");
const http2 = require("http2");
const path = require("path");

const [modules, jobFile] = process.argv.slice(2);
const { initializeApp } = require(path.join(modules, "firebase-admin/lib/app"));
const { getMessaging } = require(path.join(modules, "firebase-admin/lib/messaging"));
const job = JSON.parse(fs.readFileSync(jobFile));
const PORTION = 500;
const WARM_UP = 300;
const TOKEN = `:APA91b${"k".repeat(136)}`;
const ca = fs.readFileSync(job.ca_file);
const connect = http2.connect;
http2.connect = (authority, options) => connect(job.origin, { ...options, ca });

const credential = { getAccessToken: async () => ({ access_token: job.access_token, expires_in: 3600 }) };
const messaging = getMessaging(initializeApp({ credential, projectId: job.project }));
const android = {
  priority: job.android.priority,
  ttl: job.ttl_s * 1000,
  collapseKey: job.android.collapse_key,
  directBootOk: job.android.direct_boot_ok,
  bandwidthConstrainedOk: job.android.bandwidth_constrained_ok,
  restrictedSatelliteOk: job.android.restricted_satellite_ok,
};

async function send(count) {
  for (let first = 0; first < count; first += PORTION) {
    const portion = [];
    for (let number = first; number < Math.min(first + PORTION, count); number++) {
      const token = String(number).padStart(22, "0") + TOKEN;
      portion.push({ token, data: { notice: job.payload }, android });
    }
    const answer = await messaging.sendEach(portion);
    if (answer.successCount !== portion.length) throw answer.responses.find((one) => !one.success).error;
  }
}

async function main() {
  await send(Math.min(WARM_UP, job.count));
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await send(job.count);
  const used = process.cpuUsage(cpu);
  const wall_s = Number(process.hrtime.bigint() - wall) / 1e9;
  console.log(JSON.stringify({ count: job.count, wall_s, cpu_s: (used.user + used.system) / 1e6 }));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
