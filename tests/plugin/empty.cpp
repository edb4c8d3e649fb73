// A shared library without an op.
int nothing() { return 0; }
