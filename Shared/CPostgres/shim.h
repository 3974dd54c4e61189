// The one door to libpq. Found through pkg-config (`libpq`), so that no include path is written here.
#ifndef SLUICE_CPOSTGRES_SHIM_H
#define SLUICE_CPOSTGRES_SHIM_H

#include <libpq-fe.h>

// Swift does not import character-literal macros, so the fields of an error report that we read
// are given typed names here.
static const int SLUICE_DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int SLUICE_DIAG_SQLSTATE = PG_DIAG_SQLSTATE;
static const int SLUICE_DIAG_MESSAGE = PG_DIAG_MESSAGE_PRIMARY;
static const int SLUICE_DIAG_TABLE = PG_DIAG_TABLE_NAME;
static const int SLUICE_DIAG_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME;

#endif
