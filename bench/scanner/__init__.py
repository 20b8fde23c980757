"""How fast SIP heads are scanned, beside the parser that reads them one by one."""
