/** The conversation with the server: the one module that opens a socket. */

import { Commands } from "./commands.js";
import { tabMemory } from "./controls/memory.js";
import { Refused, wordRefusal } from "./controls/refusals.js";
import { decodeFrame } from "./decode.js";
import { chooseLayers, isOver, receiveFrame, receiveMessage } from "./receive.js";
import { chooseDelay } from "./retry.js";

/** @typedef {import("./state.js").PageStore} PageStore */
/** @typedef {import("./state.js").Player} Player */
/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */
/** @typedef {import("./protocol.js").ClientMessage} ClientMessage */
/** @typedef {import("./protocol.js").Welcome} Welcome */
/** @typedef {import("./commands.js").Request} Request */
/** @typedef {import("./state.js").RunConfig} RunConfig */

/**
 * @typedef {object} Lab
 * @property {(request: Request) => Promise<void>} command Resolves when it is carried out; rejects with what was refused.
 * @property {Promise<boolean>} resumed Whether the page came back to a session at first, and did not begin a run.
 */

const PROTOCOL = 1;
/** The server speaks another version than this page: trying again would not help, loading the page anew does. */
const WRONG_PROTOCOL = 4000;
/** The server lets nobody in just now, and has said why. */
const TRY_AGAIN_LATER = 1013;
/** The connection ended without a word. */
const GONE = 1006;
/** How many frames may be on their way: one is painted while the next travels. */
const FIRST_CREDITS = 2;
/** How long the lab may take to answer a page whose device has lost its network, in milliseconds. */
const REACH_MS = 3_000;
/** How long it may be silent before the page asks whether it is still there, and how long it may take to answer that. */
const SILENCE_MS = 10_000;
const LONG_REACH_MS = 8_000;
const NOT_CONNECTED = "The lab is not connected just now. This page tries again by itself.";
/** More of a name than this helps nobody to see what is wrong with it. */
const LONGEST_NAME = 40;

/**
 * Connect to the server, keep the store up to date, and come back by itself when the connection is lost.
 *
 * @param {PageStore} store
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {string} options.sessionKey what the tab remembers its session by
 * @param {string | null} options.preset
 * @param {Promise<RunConfig> | null} options.begin the run to begin where there is no session to come back to
 * @param {boolean} options.beginsAnew whether it is begun whatever session there is
 * @returns {Lab}
 */
export function createLab(store, { signal, sessionKey, preset, begin, beginsAnew }) {
  store.set({ session: beginsAnew ? null : tabMemory.recall(sessionKey) });
  const connection = new Connection(store, signal, { sessionKey, preset, begins: begin !== null });
  if (begin === null) connection.open();
  else {
    begin.then((config) => {
      store.set({ config });
      connection.open();
    });
  }
  return { command: (request) => connection.command(request), resumed: connection.resumed };
}

class Connection {
  #store;
  #signal;
  #preset;
  #sessionKey;
  /** Whether the run of a link is asked for and has not been given yet. */
  #begins;
  /** @type {WebSocket | null} */
  #socket = null;
  // Later than every id of this session before a reload, so that no command looks like a repetition.
  #commands = new Commands(Date.now());
  #attempts = 0;
  #unpaid = 0;
  /** When the lab was heard last, or was begun to be called, in milliseconds. */
  #heard = 0;
  /** The layers that this connection was told of. @type {string | null} */
  #watched = null;
  /** What the first welcome has to explain: that this is not the run which was asked for. @type {string | null} */
  #excuse = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #tellResumed = (/** @type {boolean} */ _) => {};
  /** What the first welcome says. @type {Promise<boolean>} */
  resumed = new Promise((resolve) => (this.#tellResumed = resolve));

  /**
   * @param {PageStore} store
   * @param {AbortSignal} signal
   * @param {{sessionKey: string, preset: string | null, begins: boolean}} wishes
   */
  constructor(store, signal, { sessionKey, preset, begins }) {
    this.#store = store;
    this.#signal = signal;
    this.#preset = preset;
    this.#sessionKey = sessionKey;
    this.#begins = begins;
    store.subscribe(["layersOn", "inSight", "status"], () => this.#watch(), { signal });
    // A socket whose network is gone, or whose lab has lost its power, is not closed: for minutes nothing comes, and
    // nobody says why.
    addEventListener("offline", () => this.#checkReach(REACH_MS), { signal });
    addEventListener("online", () => this.#hurry(), { signal });
    const doubting = setInterval(() => {
      if (performance.now() - this.#heard >= SILENCE_MS) this.#checkReach(LONG_REACH_MS);
    }, SILENCE_MS);
    signal.addEventListener("abort", () => {
      clearInterval(doubting);
      clearTimeout(this.#retry);
      this.#socket?.close();
    });
  }

  open() {
    this.#retry = undefined;
    this.#heard = performance.now();
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const signal = this.#signal;
    socket.addEventListener("open", () => this.#greet(), { signal });
    socket.addEventListener("message", ({ data }) => this.#receive(data), { signal });
    socket.addEventListener("close", ({ code }) => this.#lose(code, socket), { signal });
  }

  /**
   * Give the connection up where the lab does not answer; one on this device answers without any network.
   *
   * @param {number} patience in milliseconds
   */
  async #checkReach(patience) {
    const socket = this.#socket;
    if (!socket || socket.readyState > WebSocket.OPEN) return;
    const asked = performance.now();
    const options = { cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(patience) };
    if (await fetch("/healthz", options).catch(() => null)) this.#heard = performance.now();
    if (this.#heard > asked || this.#signal.aborted) return;
    socket.close();
    this.#lose(GONE, socket);
  }

  /**
   * @param {Request} request
   * @returns {Promise<void>}
   */
  command(request) {
    if (this.#store.get().connection !== "open") return Promise.reject(new Error(NOT_CONNECTED));
    const { message, answered } = this.#commands.begin(request);
    this.#say(message);
    return answered;
  }

  /** @param {ClientMessage} message */
  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #greet() {
    // A server that was restarted knows no session any more: the settings then begin a new one.
    const { seen, config, session } = this.#store.get();
    this.#say({ type: "hello", protocol: PROTOCOL, session, seen, config, preset: this.#preset, waits: true });
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    this.#heard = performance.now();
    if (data instanceof ArrayBuffer) {
      this.#store.set(receiveFrame(this.#store.get(), decodeFrame(data)));
      this.#payWhenPainted();
      return;
    }
    const message = /** @type {ServerMessage} */ (JSON.parse(data));
    if (message.type === "done") this.#commands.finish(message.id);
    else if (message.type === "failure" && message.id !== null) this.#refuse(message.id, message);
    else if (message.type === "failure" && this.#preset && findRefused(message) === "preset") {
      this.#giveUpPreset(this.#preset);
    } else if (message.type === "failure" && this.#begins && findRefused(message)) {
      this.#giveUpLink(message);
    } else this.#store.set(receiveMessage(this.#store.get(), message));
    if (message.type === "welcome") this.#begin(message);
  }

  /**
   * @param {number} id
   * @param {import("./protocol.js").Failure} failure
   */
  #refuse(id, failure) {
    const { catalog, asked } = this.#store.get();
    this.#commands.refuse(id, new Refused(failure, catalog, asked));
  }

  /** @param {Welcome} welcome */
  #begin({ session, resumed }) {
    this.#attempts = 0;
    this.#unpaid = 0;
    this.#begins = false;
    this.#tellResumed(resumed);
    tabMemory.remember(this.#sessionKey, session);
    this.#store.set(this.#excuse ? { connection: "open", news: this.#excuse } : { connection: "open" });
    this.#excuse = null;
    this.#watched = null;
    this.#watch();
    this.#say({ type: "credit", count: FIRST_CREDITS });
    // The server answers what it has carried out before, and carries out what never reached it.
    if (resumed) this.#commands.list().forEach((message) => this.#say(message));
    else this.#commands.abandon("Your run ended before the lab answered; this is a new one.");
  }

  /**
   * A link with a wrong name stays wrong however often it is asked for: begin with the default run, and say why.
   *
   * @param {string} preset
   */
  #giveUpPreset(preset) {
    this.#preset = null;
    this.#excuse =
      `The link asks for a preset that the lab does not have: “${preset.slice(0, LONGEST_NAME)}”. ` +
      "This is the default run; all presets are listed in Settings.";
    this.#greet();
  }

  /**
   * A link whose settings the lab refuses, although each of them is in its range.
   *
   * @param {import("./protocol.js").Failure} failure
   */
  #giveUpLink(failure) {
    this.#begins = false;
    const { catalog, config } = this.#store.get();
    this.#store.set({ config: null, unopened: wordRefusal(failure, catalog, config) });
    this.#greet();
  }

  #watch() {
    const state = this.#store.get();
    if (state.connection !== "open") return;
    const layers = chooseLayers(state);
    const words = layers.join();
    if (words === this.#watched) return;
    this.#watched = words;
    this.#say({ type: "watch", layers });
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

  /**
   * @param {number} code Why the socket was closed.
   * @param {WebSocket} socket
   */
  #lose(code, socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    const state = this.#store.get();
    const { news } = state;
    if (code === WRONG_PROTOCOL) {
      this.#store.set({ connection: "lost", queued: null, news: null, problem: news });
      this.#commands.abandon("The lab speaks another version of this page; load the page anew.");
      return;
    }
    this.#store.set({ connection: "lost", queued: null, news: code === TRY_AGAIN_LATER || isOver(state) ? news : null });
    this.#retry = setTimeout(() => this.open(), chooseDelay(this.#attempts, Math.random()));
    this.#attempts += 1;
  }

  /** The network is there again: what waits for its next attempt need not wait so long. */
  #hurry() {
    this.#attempts = 0;
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), chooseDelay(this.#attempts, Math.random()));
  }
}

/**
 * What of the run that a page asks for is refused: a place of its description, or the part of the greeting that is of no
 * form at all, which the server's words then begin with; "" where it is something else.
 *
 * @param {import("./protocol.js").Failure} failure
 */
function findRefused({ message, refusal }) {
  return refusal?.path ?? /^hello\.(\w+)/.exec(message)?.[1] ?? "";
}
