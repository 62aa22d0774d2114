# shellcheck shell=bash
# The list of the steps of `up`, and how they are run: progress, logs, stamps, failures.

# name of the step (its function is step_NAME), what the person reads
STEPS=(
  "packages   Debian packages"
  "python     OpenStack's services and clients from PyPI"
  "guest      the guest image"
  "settings   passwords, certificates, configuration"
  "base       database, messages, cache, TLS front"
  "databases  databases and their tables"
  "identity   Keystone: users, roles, catalog"
  "switch     Open vSwitch and OVN"
  "services   the services (each imports for half a minute)"
  "names      the name server's pool"
  "node       the compute node"
  "outside    the network outside of the cloud"
  "tenants    domains, projects, users, networks"
  "profile    what the profile asks for"
)

# Runs the steps that have no stamp. Output goes to the step's log; the terminal shows step, time and outcome.
run_steps() {
  local line name title number=0 total=${#STEPS[@]} began step_began log
  began=$(date +%s)
  for line in "${STEPS[@]}"; do
    read -r name title <<< "$line"
    number=$(( number + 1 ))
    log=$LOGS/step-$name.log
    if [ -f "$STAMPS/$name" ]; then
      printf '[%2d/%d] %s  %-55s done before\n' "$number" "$total" "$(elapsed_since "$began")" "$title"
      continue
    fi
    printf '[%2d/%d] %s  %-55s ' "$number" "$total" "$(elapsed_since "$began")" "$title"
    step_began=$(date +%s)
    if run_step "$name" "$log"; then
      date -u +%FT%TZ > "$STAMPS/$name"
      printf 'ok, %s\n' "$(elapsed_since "$step_began")"
    else
      printf 'FAILED after %s\n\n' "$(elapsed_since "$step_began")"
      tail -n 15 "$log" | sed 's/^/    /'
      printf '\nThe whole log: %s\nLogs of the services: %s/NAME.log\n' "$log" "$LOGS"
      die "step '$name' failed. Mend the cause and run 'lab up' again: it goes on here."
    fi
  done
}

# A process of its own, since a shell ignores `set -e` within a condition; a group of its own, so that an interrupt ends
# all of it (services leave the group: they stay).
run_step() { # name log
  set -m
  ( set -e; "step_$1" ) > "$2" 2>&1 < /dev/null &
  local step=$!
  set +m
  # shellcheck disable=SC2064 # the number is meant
  trap "kill -TERM -- -$step 2>/dev/null; echo; die \"interrupted. 'lab up' goes on from here.\"" INT TERM
  wait $step
  local result=$?
  trap - INT TERM
  return $result
}
