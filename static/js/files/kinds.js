/** What files are: a saved run, a saved model, the two files that GAN Lab saves, or something else. */

/**
 * What to send for files that were chosen, and where to.
 * @typedef {{route: string, parts: readonly Blob[]}} Parcel
 */

const RUN = "ganlab-run";
/** A header that is longer is no saved run's. */
const MOST_HEADER_BYTES = 8 * 2 ** 20;

/**
 * Arrange what to send: a saved run or model by what the file tells of itself, or GAN Lab's JSON and then its weights.
 *
 * @param {readonly File[]} files
 * @returns {Promise<Parcel>} Rejects where they are none of these.
 */
export async function arrangeFiles(files) {
  const manifest = files.find(({ name }) => name.toLowerCase().endsWith(".json"));
  const [first, second] = files;
  if (!manifest && first && !second) return { route: (await readFormat(first)) === RUN ? "run" : "model", parts: files };
  const weights = files.find((file) => file !== manifest);
  if (!manifest || !weights || files.length !== 2) {
    throw new Error("Choose one saved run or model, or GAN Lab's two files together: its JSON and its weights.");
  }
  return { route: `model?manifest=${manifest.size}`, parts: [manifest, weights] };
}

/**
 * Whether files that are dropped on the page are for the lab to open, and not points to train on: told by their names,
 * because the browser wants to know at once.
 *
 * @param {readonly File[]} files
 */
export function areForLab(files) {
  const names = files.map(({ name }) => name.toLowerCase());
  return names.some((name) => name.endsWith(".safetensors") || name.endsWith(".bin"));
}

/**
 * The format that a file of the lab says it has (`server/gan/tensor_file.py`); nothing where it says none.
 *
 * @param {Blob} file
 * @returns {Promise<string | null>}
 */
export async function readFormat(file) {
  const head = new DataView(await file.slice(0, 8).arrayBuffer());
  const length = head.byteLength === 8 ? Number(head.getBigUint64(0, true)) : 0;
  if (length < 2 || length > MOST_HEADER_BYTES) return null;
  try {
    const header = JSON.parse(await file.slice(8, 8 + length).text());
    return String(JSON.parse(header.__metadata__.ganlab).format);
  } catch {
    return null;
  }
}
