/** Commands on their way: each keeps its number until it is answered, also over a lost connection. */

/** @typedef {import("./protocol.js").Command} Command */

/**
 * @template T
 * @typedef {T extends {id: number} ? Omit<T, "id"> : never} WithoutId
 */
/** @typedef {WithoutId<Command>} Request A command before it has its number. */

/** The commands that wait for an answer; the server carries out a number once, so that it can be said again. */
export class Commands {
  /** @type {Map<number, {message: Command, resolve: () => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #lastId;

  /** @param {number} lastId Not below the number of any command of this session before a reload. */
  constructor(lastId) {
    this.#lastId = lastId;
  }

  /**
   * Give a request its number.
   *
   * @param {Request} request
   * @returns {{message: Command, answered: Promise<void>}} `answered` rejects with what was refused.
   */
  begin(request) {
    this.#lastId += 1;
    const message = /** @type {Command} */ ({ ...request, id: this.#lastId });
    /** @type {Promise<void>} */
    const answered = new Promise((resolve, reject) => this.#waiting.set(message.id, { message, resolve, reject }));
    return { message, answered };
  }

  /** The commands without an answer, in the order in which they were given. */
  list() {
    return [...this.#waiting.values()].map(({ message }) => message);
  }

  /** @param {number} id of a command that is carried out */
  finish(id) {
    this.#take(id)?.resolve();
  }

  /**
   * @param {number} id
   * @param {Error} reason
   */
  refuse(id, reason) {
    this.#take(id)?.reject(reason);
  }

  /** @param {string} reason Why none of them will be answered. */
  abandon(reason) {
    for (const id of [...this.#waiting.keys()]) this.refuse(id, new Error(reason));
  }

  /** @param {number} id */
  #take(id) {
    const command = this.#waiting.get(id);
    this.#waiting.delete(id);
    return command;
  }
}
