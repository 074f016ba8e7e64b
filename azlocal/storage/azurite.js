// Runs Azurite's Blob, Queue and Table services in one process for azlocal.
//
// Standard input takes JSON lines: first {root, location, trust, accounts}, then {id, accounts} for every change,
// answered by {id} on standard output. Accounts are {name: [key, key]}. The end of standard input is the end of
// azlocal, however it came: everything is saved and the process ends.
"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");

console.log = console.info = console.error; // standard output belongs to the protocol

// A write that reached the kernel survives the death of this process, which is what azlocal promises.
fs.fdatasync = (descriptor, callback) => process.nextTick(callback, null);

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
let servers = [];

function setAccounts(accounts) {
  const lines = Object.entries(accounts).map(([name, keys]) => [name, ...keys].join(":"));
  process.env.AZURITE_ACCOUNTS = lines.join(";") || ";"; // empty would bring back Azurite's well-known account
  servers.forEach((server) => server.accountDataStore.refresh());
}

// azlocal authenticates and authorizes by itself and says so with a secret of this run.
function trustAzlocal(source, trust) {
  for (const [service, name] of [["blob", "Blob"], ["queue", "Queue"], ["table", "Table"]]) {
    const file = path.join(source, service, "authentication", `${name}SharedKeyAuthenticator.js`);
    const prototype = require(file).default.prototype;
    const original = prototype.validate;
    prototype.validate = async function (request, context) {
      return request.getHeader("authorization") === trust || original.call(this, request, context);
    };
  }
}

function configure(location) {
  const everywhere = (option, value) => ["blob", "queue", "table"].flatMap((one) => [`--${one}${option}`, value]);
  process.argv = [
    process.argv[0], "azurite", "--silent", "--loose", "--skipApiVersionCheck", "--disableTelemetry",
    "--location", location, ...everywhere("Host", "127.0.0.1"), ...everywhere("Port", "0"),
    ...everywhere("KeepAliveTimeout", "300"),
  ];
}

async function makeServers(source) {
  const load = (file) => require(path.join(source, file));
  const env = new (load("common/Environment.js").default)();
  const location = await env.location();
  const { BlobServerFactory } = load("blob/BlobServerFactory.js");
  const queue = load("queue/utils/constants.js");
  const table = load("table/utils/constants.js");
  queue.DEFAULT_QUEUE_PERSISTENCE_ARRAY[0].locationPath = path.join(location, queue.DEFAULT_QUEUE_PERSISTENCE_PATH);
  const common = [undefined, env.loose(), env.skipApiVersionCheck(), env.cert(), env.key(), env.pwd(), env.oauth(),
    env.disableProductStyleUrl(), env.inMemoryPersistence()];
  const queueConfig = new (load("queue/QueueConfiguration.js").default)(
    env.queueHost(), env.queuePort(), env.queueKeepAliveTimeout(), path.join(location, queue.DEFAULT_QUEUE_LOKI_DB_PATH),
    path.join(location, queue.DEFAULT_QUEUE_EXTENT_LOKI_DB_PATH), queue.DEFAULT_QUEUE_PERSISTENCE_ARRAY, false,
    undefined, false, ...common);
  const tableConfig = new (load("table/TableConfiguration.js").default)(
    env.tableHost(), env.tablePort(), env.tableKeepAliveTimeout(), path.join(location, table.DEFAULT_TABLE_LOKI_DB_PATH),
    false, false, undefined, ...common);
  return [
    await new BlobServerFactory().createServer(env),
    new (load("queue/QueueServer.js").default)(queueConfig),
    new (load("table/TableServer.js").default)(tableConfig),
  ];
}

async function start({ root, location, trust, accounts }) {
  const source = path.join(root, "dist", "src");
  require("module").enableCompileCache?.(path.join(root, "..", ".compile-cache")); // a third of the start is compiling
  fs.mkdirSync(location, { recursive: true });
  configure(location);
  require("./journal.js").install(require(require.resolve("lokijs", { paths: [root] })));
  trustAzlocal(source, trust);
  setAccounts(accounts);
  servers = await makeServers(source);
  for (const server of servers) await server.start();
  const [blob, queue, table] = servers.map((server) => server.httpServer.address().port);
  say({ ready: { blob, queue, table } });
}

async function stop() {
  await Promise.allSettled(servers.map((server) => server.close()));
  process.exit(0);
}

function main() {
  let started = null;
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const message = JSON.parse(line);
    if (!started) {
      started = start(message).catch((error) => {
        say({ failed: String((error && error.message) || error) });
        process.exit(1);
      });
      return;
    }
    started.then(() => {
      setAccounts(message.accounts);
      say({ id: message.id });
    });
  }).on("close", () => (started || Promise.resolve()).then(stop));
  process.on("SIGTERM", stop);
}

main();
