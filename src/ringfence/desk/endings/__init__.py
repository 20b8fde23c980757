"""What ends with a contract, and what becomes of numbers: port-outs, quarantine, final charges, release to the next holder."""
