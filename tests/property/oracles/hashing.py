"""SipHash-2-4 as its authors describe it, word by word. Imports nothing of the library."""

_WORD = (1 << 64) - 1


def siphash(key: bytes, text: bytes) -> int:
    """Return the hash of `text` under a key of 16 octets."""
    low, high = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = [low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573]
    whole = len(text) // 8 * 8
    words = [int.from_bytes(text[place : place + 8], "little") for place in range(0, whole, 8)]
    words.append((len(text) % 256) << 56 | int.from_bytes(text[whole:], "little"))
    for word in words:
        state[3] ^= word
        _stir(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _stir(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _stir(state: list[int], times: int) -> None:
    for _ in range(times):
        _mix(state, 0, 1, 13)
        state[0] = _turned(state[0], 32)
        _mix(state, 2, 3, 16)
        _mix(state, 0, 3, 21)
        _mix(state, 2, 1, 17)
        state[2] = _turned(state[2], 32)


def _mix(state: list[int], sum_: int, turned: int, bits: int) -> None:
    state[sum_] = (state[sum_] + state[turned]) & _WORD
    state[turned] = _turned(state[turned], bits) ^ state[sum_]


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _WORD
