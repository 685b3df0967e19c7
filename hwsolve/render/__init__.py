"""One file for each output format; a `Solution` goes in, text comes out."""
