/** Questions to the server: one is on its way at a time, and only the newest waits. */

/** So long after a question the next one is asked, while the run trains; in ms. */
const PATIENCE = 500;

/**
 * @template Q, A
 * @param {(question: Q) => Promise<A>} ask
 * @param {(question: Q, answer: A) => void} tell called with an answer that is still wanted
 * @param {{signal: AbortSignal}} options
 */
export function createQuestions(ask, tell, { signal }) {
  /** @type {{question: Q, isPatient: boolean} | null} */
  let wish = null;
  let isAsking = false;
  /** Grows with every question that is sent or dropped: an answer to an older one is not told. */
  let turn = 0;
  let askedAt = -PATIENCE;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));

  function plan() {
    clearTimeout(timer);
    if (!wish || isAsking || signal.aborted) return;
    const wait = wish.isPatient ? askedAt + PATIENCE - performance.now() : 0;
    if (wait > 0) timer = setTimeout(plan, wait);
    else void send(wish.question);
  }

  /** @param {Q} question */
  async function send(question) {
    wish = null;
    isAsking = true;
    askedAt = performance.now();
    turn += 1;
    const own = turn;
    const answer = await ask(question);
    isAsking = false;
    const newest = /** @type {{question: Q} | null} */ (wish);
    const isWanted = own === turn && (newest === null || newest.question === question);
    if (isWanted && !signal.aborted) tell(question, answer);
    plan();
  }

  return {
    /**
     * @param {Q} question
     * @param {{isPatient: boolean}} options whether it may wait until a while after the one before
     */
    ask(question, { isPatient }) {
      wish = { question, isPatient };
      plan();
    },
    /** Nothing is wanted any more, not even the answer that is under way. */
    drop() {
      wish = null;
      turn += 1;
      clearTimeout(timer);
    },
  };
}
