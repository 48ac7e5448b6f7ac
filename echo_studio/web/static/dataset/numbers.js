// Numbers as people type them.

/** Numbers of "5, 10", "5-10" or "5 – 10". Throws where there is something else. */
export function numbersOf(text, what) {
  const parts = text.trim().split(/(?<=\d)(?:[-–]|\s+[-–]\s+)|[,;\s]+/).filter(Boolean);
  const numbers = parts.map(Number);
  if (!parts.length || numbers.some((number) => !Number.isFinite(number))) throw new Error(`Expected numbers as ${what}, got “${text}”.`);
  return numbers;
}
