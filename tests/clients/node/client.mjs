// A client in another language: our protos loaded as they are, webhooks signed by Twilio's own library.
//
// Reads CALLPLANE_ADDRESS, CALLPLANE_TOKEN_FILE, CALLPLANE_WORKSPACE and CALLPLANE_EDGE_URL; exits with 1 if a check fails.
import { randomBytes } from "node:crypto";
import { on } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import protobuf from "protobufjs";
import twilio from "twilio";

const NUMBER = "+15550100072";
const CALLER = "+12125550172";
const EDGE = process.env.CALLPLANE_EDGE_URL;
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const hex = (bytes) => randomBytes(bytes).toString("hex");

const results = [];
function check(what, holds) {
  results.push(Boolean(holds));
  console.log(`${holds ? "ok    " : "FAILED"}  ${what}`);
}

const files = ["account", "agent", "call", "phone_number"].map((noun) => `callplane/v1/${noun}.proto`);
const definitions = protoLoader.loadSync(files, {
  includeDirs: [at("../../../proto/proto"), at("../../../proto/third_party")],
  keepCase: true,
  enums: String,
  defaults: true,
});
const { v1 } = grpc.loadPackageDefinition(definitions).callplane;

const metadata = new grpc.Metadata();
metadata.set("authorization", `Bearer ${readFileSync(process.env.CALLPLANE_TOKEN_FILE, "utf8").trim()}`);
metadata.set("callplane-workspace", process.env.CALLPLANE_WORKSPACE);
const address = process.env.CALLPLANE_ADDRESS.replace("http://", "");
const services = ["AccountService", "AgentService", "CallService", "PhoneNumberService"];
const clients = services.map((name) => new v1[name](address, grpc.credentials.createInsecure()));
const [accounts, agents, calls, numbers] = clients;

function ask(client, method, request, headers = metadata) {
  return new Promise((resolve, reject) =>
    client[method](request, headers, (error, reply) => (error ? reject(error) : resolve(reply))),
  );
}

/** The refusal of a call that must not succeed. */
async function refusal(client, method, request, headers) {
  return ask(client, method, request, headers).then(() => ({ code: grpc.status.OK }), (error) => error);
}

// The part of google/rpc that is read here: the status in the trailers, and the fields it blames.
const rpc = protobuf.parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; }
    repeated FieldViolation field_violations = 1;
  }`).root;

function blamedFields(error) {
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!bytes) return [];
  const BadRequest = rpc.lookupType("google.rpc.BadRequest");
  return rpc
    .lookupType("google.rpc.Status")
    .decode(bytes)
    .details.filter((detail) => detail.typeUrl.endsWith("/google.rpc.BadRequest"))
    .flatMap((detail) => BadRequest.decode(detail.value).fieldViolations.map((violation) => violation.field));
}

/** Sends a webhook, signed by Twilio's library. */
async function post(path, form, authToken) {
  const signature = twilio.getExpectedTwilioSignature(authToken, EDGE + path, form);
  const response = await fetch(EDGE + path, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { "X-Twilio-Signature": signature },
  });
  return { status: response.status, body: await response.text() };
}

/** The edge hears of a new account within a second; a test that is quicker than that asks again. */
async function postOnceKnown(path, form, authToken) {
  const patience = Date.now() + 15_000;
  for (;;) {
    const answer = await post(path, form, authToken);
    if (answer.status !== 403 || Date.now() > patience) return answer;
    await pause(50);
  }
}

async function refusals() {
  const invalid = await refusal(accounts, "CreateAccount", { account: { display_name: "Wrong", account_sid: "nope" } });
  check("a wrong SID is an invalid argument", invalid.code === grpc.status.INVALID_ARGUMENT);
  const fields = blamedFields(invalid);
  check(`and the details name the field: ${fields}`, fields.join() === "account.account_sid");
  const unknown = await refusal(accounts, "GetAccount", { account_id: `acc_${"0".repeat(26)}` });
  check("an unknown id is not found", unknown.code === grpc.status.NOT_FOUND);
  const nobody = await refusal(accounts, "ListAccounts", {}, new grpc.Metadata());
  check("a call without a token is unauthenticated", nobody.code === grpc.status.UNAUTHENTICATED);
}

/** An account, an agent, and a number that the agent answers. */
async function setUp(accountSid, authToken) {
  const { account } = await ask(accounts, "CreateAccount", {
    account: { display_name: "Node", account_sid: accountSid },
    credentials: { auth_token: authToken },
  });
  check("an account is created", account.id.startsWith("acc_"));
  check("and its auth token does not come back", !JSON.stringify(account).includes(authToken));
  const { agent } = await ask(agents, "CreateAgent", {
    agent: { display_name: "Greeter", announcement: { text: "Hello from Node." } },
  });
  const registered = await ask(numbers, "RegisterPhoneNumber", {
    phone_number: { account_id: account.id, e164: NUMBER },
  });
  const { phone_number: number } = await ask(numbers, "AssignPhoneNumber", {
    phone_number_id: registered.phone_number.id,
    assignment: { agent_id: agent.id },
  });
  check("a number is assigned to an agent", number.assignment.agent_id === agent.id);
  return { numberId: number.id, agentId: agent.id };
}

async function aCall({ numberId, agentId }, accountSid, authToken) {
  const watch = calls.WatchCalls({ phone_number_id: numberId, from_beginning: true }, metadata, {
    deadline: Date.now() + 60_000,
  });
  const seen = async (wanted) => {
    for await (const [reply] of on(watch, "data")) if (reply.call && wanted(reply.call)) return reply.call;
  };
  const callSid = `CA${hex(16)}`;
  const form = { CallSid: callSid, AccountSid: accountSid, From: CALLER, To: NUMBER, Direction: "inbound" };
  Object.assign(form, { CallStatus: "ringing", ApiVersion: "2010-04-01" });
  const arrival = seen(() => true);
  const voice = await postOnceKnown("/twilio/voice", form, authToken);
  const answered = voice.status === 200 && voice.body.includes("Hello from Node.");
  check("a call signed by Twilio's library is answered by its agent", answered);
  const call = await arrival;
  check("the call arrives at whoever watches", call.call_sid === callSid && call.agent_id === agentId);

  const forged = await post("/twilio/voice", form, hex(16));
  check("a wrong signature gets 403", forged.status === 403);
  const end = seen((call) => call.status === "CALL_STATUS_COMPLETED");
  Object.assign(form, { CallStatus: "completed", CallDuration: "7", SequenceNumber: "3" });
  const status = await post("/twilio/status", { ...form, CallbackSource: "call-progress-events" }, authToken);
  check("a status callback is answered without a body", status.status === 204);
  check("and the end of the call arrives too", Number((await end).duration.seconds) === 7);
  watch.on("error", () => {});
  watch.cancel();
}

const accountSid = `AC${hex(16)}`;
const authToken = hex(16);
await refusals();
await aCall(await setUp(accountSid, authToken), accountSid, authToken);
clients.forEach((client) => client.close());
const failed = results.filter((holds) => !holds).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
