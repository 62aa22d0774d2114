# shellcheck shell=bash
# Setting a profile: the files of services here, the objects of the cloud by python/profile.py.

profile_files() { # name
  local weak_port=9001 answers=yes
  if [ "$1" = broken ]; then tls_weak > "$ETC/nginx/tls-$weak_port.conf"; else tls_strong > "$ETC/nginx/tls-$weak_port.conf"; fi
  signal_service HUP nginx
  # Swift's own answer to an unknown access key stays in `plain` and `broken`.
  [ "$1" = scs ] || answers=no
  if [ $answers = yes ]; then touch "$ETC/swift/access-keys.enabled"; else rm -f "$ETC/swift/access-keys.enabled"; fi
}

# Brings the cloud into the state that the profile describes; quick, so it can be switched while the lab runs.
apply_profile() { # name
  [ -f "$LAB_HOME/profiles/$1.yaml" ] || die "there is no profile '$1'. There are: plain, scs, broken"
  load_secrets
  profile_files "$1"
  inside python "$LAB_HOME/python/profile.py" "$1" || return 1
  echo "$1" > "$LAB_DIR/profile"
}
