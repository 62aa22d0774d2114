//! Pages of the node: sign-in, home, jobs, audit, keys, system state, problems, API documents.
