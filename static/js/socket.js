/** The conversation with the server: the one module that opens a socket. */

import { decodeFrame } from "./decode.js";
import { chooseLayers, receiveFrame, receiveMessage } from "./receive.js";
import { chooseDelay } from "./retry.js";

/** @typedef {import("./state.js").PageStore} PageStore */
/** @typedef {import("./state.js").Player} Player */
/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */
/** @typedef {import("./protocol.js").ClientMessage} ClientMessage */
/** @typedef {import("./protocol.js").Command} Command */

/**
 * @template T
 * @typedef {T extends {id: number} ? Omit<T, "id"> : never} WithoutId
 */
/** @typedef {WithoutId<Command>} Request A command before it has its number. */

/**
 * @typedef {object} Lab
 * @property {(request: Request) => Promise<void>} command Resolves when it is carried out; rejects with what was refused.
 */

const PROTOCOL = 1;
/** The server speaks another version than this page: trying again would not help, loading the page anew does. */
const WRONG_PROTOCOL = 4000;
/** How many frames may be on their way: one is painted while the next travels. */
const FIRST_CREDITS = 2;
const SESSION_KEY = "ganlab.session";

/**
 * Connect to the server, keep the store up to date, and come back by itself when the connection is lost.
 *
 * @param {PageStore} store
 * @param {{signal: AbortSignal, preset?: string | null}} options
 * @returns {Lab}
 */
export function createLab(store, { signal, preset = null }) {
  const connection = new Connection(store, signal, preset);
  connection.open();
  return { command: (request) => connection.command(request) };
}

class Connection {
  #store;
  #signal;
  #preset;
  #sessionKey;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<number, {resolve: () => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  // Later than every id of this session before a reload, so that no command looks like a repetition.
  #lastId = Date.now();
  #attempts = 0;
  #unpaid = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {PageStore} store
   * @param {AbortSignal} signal
   * @param {string | null} preset
   */
  constructor(store, signal, preset) {
    this.#store = store;
    this.#signal = signal;
    this.#preset = preset;
    // A link to a preset begins its own session, so that reloading it comes back to it and to no other.
    this.#sessionKey = preset ? `${SESSION_KEY}:${preset}` : SESSION_KEY;
    store.subscribe(["layersOn"], () => this.#watch(), { signal });
    signal.addEventListener("abort", () => {
      clearTimeout(this.#retry);
      this.#socket?.close();
    });
  }

  open() {
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const signal = this.#signal;
    socket.addEventListener("open", () => this.#greet(), { signal });
    socket.addEventListener("message", ({ data }) => this.#receive(data), { signal });
    socket.addEventListener("close", ({ code }) => this.#lose(code), { signal });
  }

  /**
   * @param {Request} request
   * @returns {Promise<void>}
   */
  command(request) {
    if (this.#store.get().connection !== "open") return Promise.reject(new Error("The lab is not connected just now."));
    this.#lastId += 1;
    const id = this.#lastId;
    this.#say({ ...request, id });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** @param {ClientMessage} message */
  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #greet() {
    // A server that was restarted knows no session any more: the settings then begin a new one.
    const { seen, config } = this.#store.get();
    const session = sessionStorage.getItem(this.#sessionKey);
    this.#say({ type: "hello", protocol: PROTOCOL, session, seen, config, preset: this.#preset });
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (data instanceof ArrayBuffer) {
      this.#store.set(receiveFrame(this.#store.get(), decodeFrame(data)));
      this.#payWhenPainted();
      return;
    }
    const message = /** @type {ServerMessage} */ (JSON.parse(data));
    if (message.type === "done") this.#settle(message.id)?.resolve();
    else if (message.type === "failure" && message.id !== null) {
      this.#settle(message.id)?.reject(new Error(message.message));
    } else this.#store.set(receiveMessage(this.#store.get(), message));
    if (message.type === "welcome") this.#begin(message.session);
  }

  /** @param {string} session */
  #begin(session) {
    this.#attempts = 0;
    this.#unpaid = 0;
    sessionStorage.setItem(this.#sessionKey, session);
    this.#store.set({ connection: "open" });
    this.#watch();
    this.#say({ type: "credit", count: FIRST_CREDITS });
  }

  #watch() {
    const { connection, layersOn } = this.#store.get();
    if (connection === "open") this.#say({ type: "watch", layers: chooseLayers(layersOn) });
  }

  /**
   * Allow another frame after this one is on the screen. A hidden tab has no animation frames: nothing is drawn and
   * nothing more is sent until it is looked at again, while training goes on.
   */
  #payWhenPainted() {
    this.#unpaid += 1;
    if (this.#unpaid > 1) return;
    // In a microtask, so that the views have asked for their animation frame before we ask for ours.
    queueMicrotask(() => requestAnimationFrame(() => this.#pay()));
  }

  #pay() {
    if (this.#unpaid > 0) this.#say({ type: "credit", count: this.#unpaid });
    this.#unpaid = 0;
  }

  /** @param {number} id */
  #settle(id) {
    const command = this.#waiting.get(id);
    this.#waiting.delete(id);
    return command;
  }

  /** @param {number} code Why the socket was closed. */
  #lose(code) {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error("The connection was lost before the lab answered."));
    }
    this.#waiting.clear();
    this.#store.set({ connection: "lost" });
    if (code === WRONG_PROTOCOL) return;
    this.#retry = setTimeout(() => this.open(), chooseDelay(this.#attempts, Math.random()));
    this.#attempts += 1;
  }
}
