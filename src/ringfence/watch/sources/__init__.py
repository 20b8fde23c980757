"""Where traffic comes from: HEP listeners, captures, files of call records. Bytes in; datagrams and records with times out."""
