/** What a receipt is called on paper: device, entry and a check digit by Verhoeff's scheme (1969), such as 1001-37-4. */

const INVERSE = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
const TURN = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
const ENTRY_DIGITS = 7;

export function receiptNumber(device, sequence) {
  return `${device}-${sequence}-${checkDigit(`${device}${String(sequence).padStart(ENTRY_DIGITS, "0")}`)}`;
}

function checkDigit(digits) {
  let check = 0;
  Array.from(`${digits}0`).reverse().forEach((digit, index) => {
    let value = Number(digit);
    for (let turn = 0; turn < index % 8; turn += 1) value = TURN[value];
    check = times(check, value);
  });
  return INVERSE[check];
}

/** The product in the dihedral group of the pentagon. */
function times(a, b) {
  if (a < 5) return b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5;
  return b < 5 ? ((a - b + 10) % 5) + 5 : (a - b + 10) % 5;
}
