// Makes Azurite's metadata survive a kill. LokiJS holds it in memory and writes the whole of it every few
// seconds; what was acknowledged in between would be lost. Here every change of a document is appended to a
// journal beside the database before the request is answered, and replayed when the database is loaded.
"use strict";

const fs = require("fs");

const AUTOSAVE_MS = 60000; // the journal keeps what a save would have: whole databases need not be written often

// Beside the databases and collections, not in them: Loki writes every property it finds.
const journals = new WeakMap(); // of a database
const owners = new WeakMap(); // the database of a collection
const replaying = new WeakSet();

class Journal {
  constructor(database) {
    this.current = database + ".journal";
    this.older = database + ".journal.old"; // entries that a save in progress makes superfluous
    this.descriptor = undefined;
  }

  append(entry) {
    if (this.descriptor === undefined) this.descriptor = fs.openSync(this.current, "a", 0o600);
    fs.writeSync(this.descriptor, JSON.stringify(entry) + "\n");
  }

  rotate() {
    if (this.descriptor !== undefined) fs.closeSync(this.descriptor);
    this.descriptor = undefined;
    if (!fs.existsSync(this.current)) return;
    if (fs.existsSync(this.older)) {
      fs.appendFileSync(this.older, fs.readFileSync(this.current)); // the save before this one failed
      fs.unlinkSync(this.current);
    } else {
      fs.renameSync(this.current, this.older);
    }
  }

  saved() {
    fs.rmSync(this.older, { force: true });
  }

  entries() {
    const found = [];
    for (const path of [this.older, this.current]) {
      if (!fs.existsSync(path)) continue;
      for (const line of fs.readFileSync(path, "utf8").split("\n")) {
        try {
          if (line) found.push(JSON.parse(line));
        } catch {
          break; // cut off by the kill: its request was never answered
        }
      }
    }
    return found;
  }
}

function replay(database, entries) {
  const changes = new Map();
  for (const [kind, name, value] of entries) {
    if (kind === "add") database.addCollection(name, value);
    if (kind === "drop") {
      database.removeCollection(name);
      changes.delete(name);
    }
    if (!changes.has(name)) changes.set(name, new Map());
    if (kind === "put") changes.get(name).set(value.$loki, value);
    if (kind === "remove") value.forEach((id) => changes.get(name).set(id, undefined));
  }
  for (const [name, documents] of changes) {
    const collection = database.getCollection(name);
    if (collection && documents.size) apply(collection, documents);
  }
}

function apply(collection, documents) {
  const kept = collection.data.filter((one) => !documents.has(one.$loki));
  const put = [...documents.values()].filter((one) => one !== undefined);
  collection.data = [...kept, ...put].sort((one, other) => one.$loki - other.$loki);
  collection.maxId = Math.max(collection.maxId, ...documents.keys());
  collection.idIndex = null;
  collection.ensureId();
  collection.ensureAllIndexes(true);
  for (const field of [...collection.uniqueNames]) {
    delete collection.constraints.unique[field];
    collection.uniqueNames = collection.uniqueNames.filter((one) => one !== field);
    collection.ensureUniqueIndex(field);
  }
  collection.dirty = true;
}

function wrap(prototype, name, make) {
  prototype[name] = make(prototype[name]);
}

function note(collection, kind, value) {
  const database = owners.get(collection);
  if (database && !replaying.has(database)) journalOf(database).append([kind, collection.name, value]);
}

function journalOf(database) {
  if (!journals.has(database)) journals.set(database, new Journal(database.filename));
  return journals.get(database);
}

function watchCollections(prototype) {
  wrap(prototype, "insertOne", (original) => function (...given) {
    const inserted = original.apply(this, given);
    if (inserted) note(this, "put", inserted);
    return inserted;
  });
  wrap(prototype, "update", (original) => function (document) {
    const updated = original.call(this, document);
    if (updated && !Array.isArray(document)) note(this, "put", updated); // an array comes back one by one
    return updated;
  });
  wrap(prototype, "remove", (original) => function (document) {
    const id = typeof document === "number" ? document : document && document.$loki;
    const removed = original.call(this, document);
    if (id !== undefined && removed) note(this, "remove", [id]);
    return removed;
  });
  wrap(prototype, "removeBatchByPositions", (original) => function (positions) {
    this.ensureId();
    const ids = positions.map((position) => this.idIndex[position]);
    const result = original.call(this, positions);
    if (ids.length) note(this, "remove", ids);
    return result;
  });
}

function watchDatabases(prototype) {
  wrap(prototype, "addCollection", (original) => function (name, options) {
    const known = this.collections.some((one) => one.name === name);
    const collection = original.call(this, name, options);
    owners.set(collection, this);
    if (!known) note(collection, "add", options);
    return collection;
  });
  wrap(prototype, "removeCollection", (original) => function (name) {
    const collection = this.getCollection(name);
    if (collection) note(collection, "drop");
    return original.call(this, name);
  });
  wrap(prototype, "loadDatabaseInternal", (original) => function (options, callback) {
    replaying.add(this);
    return original.call(this, options, (error) => {
      if (!error) replay(this, journalOf(this).entries());
      replaying.delete(this);
      callback(error);
    });
  });
  wrap(prototype, "saveDatabaseInternal", (original) => function (callback) {
    journalOf(this).rotate();
    return original.call(this, (error) => {
      if (!error) journalOf(this).saved();
      if (callback) callback(error);
    });
  });
  wrap(prototype, "autosaveEnable", (original) => function (...given) {
    this.autosaveInterval = AUTOSAVE_MS;
    return original.apply(this, given);
  });
}

exports.install = function (loki) {
  watchDatabases(loki.prototype);
  watchCollections(loki.Collection.prototype);
};
