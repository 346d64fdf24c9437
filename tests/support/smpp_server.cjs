// An SMS centre made of npm's smpp. Prints {"port": N} once it listens, and appends to LOG, a JSON line each, what it
// understood, before it answers.
//   node smpp_server.cjs LOG '{"password": "geheim", "receipts": "after", "pem": "server.pem"}'
// `receipts`: "none", "before" (the answer), "after" or "never answered". `pem`: key and chain, for TLS.
const { appendFileSync, readFileSync } = require("fs");
const { createRequire } = require("module");

const load = createRequire(`${process.env.MODULES}/node_modules/`);
const smpp = load("smpp");

const [log, given] = process.argv.slice(2);
const options = JSON.parse(given);
const pem = options.pem && readFileSync(options.pem);
let taken = 0;

const note = (event, fields) => appendFileSync(log, `${JSON.stringify({ event, ...fields })}\n`);

// npm's smpp gives a header as a list of its elements, each without the length octet of the whole.
function content(pdu) {
  const { udh, message } = pdu.short_message;
  const text = message && message.length ? message : (pdu.message_payload || {}).message;
  return { text: String(text), udh: (udh || []).map((element) => element.toString("hex")) };
}

function receipt(session, pdu, id) {
  const words = `id:${id} sub:001 dlvrd:001 submit date:2611281200 done date:2611281200 stat:DELIVRD err:000 text:`;
  const fields = { source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4 };
  session.deliver_sm({ ...fields, short_message: words }, (answer) =>
    note("deliver_sm_resp", { id, status: answer.command_status }),
  );
}

function submitted(session, pdu) {
  const id = String((taken += 1));
  note("submit_sm", {
    id,
    sender: pdu.source_addr,
    recipient: pdu.destination_addr,
    ton: pdu.dest_addr_ton,
    coding: pdu.data_coding,
    esm_class: pdu.esm_class,
    registered: pdu.registered_delivery,
    validity: pdu.validity_period,
    own: pdu.user_message_reference,
    sar: [pdu.sar_msg_ref_num, pdu.sar_segment_seqnum, pdu.sar_total_segments],
    ...content(pdu),
  });
  const wanted = pdu.registered_delivery & 1;
  if (wanted && options.receipts === "before") receipt(session, pdu, id);
  session.send(pdu.response({ message_id: id }));
  if (wanted && options.receipts === "after") receipt(session, pdu, id);
}

function connected(session) {
  session.on("error", () => {});
  for (const command of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(command, (pdu) => {
      const status = pdu.password === options.password ? 0 : smpp.ESME_RINVPASWD;
      note(command, { system_id: pdu.system_id, version: pdu.interface_version, status });
      session.send(pdu.response({ command_status: status, system_id: "npm" }));
      if (status) session.close();
    });
  }
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("enquire_link", (pdu) => {
    note("enquire_link", {});
    session.send(pdu.response());
  });
  session.on("unbind", (pdu) => {
    note("unbind", {});
    session.send(pdu.response());
    session.close();
  });
}

const server = smpp.createServer(pem ? { key: pem, cert: pem } : {}, connected);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
