// A report on copies of training images, as a file that a person chooses.

/** Its JSON; the server says what is wrong in it. */
export async function readReport(file) {
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new Error("Expected what `echo-studio evaluate privacy --json` printed, got another file.");
  }
}
