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
  [ "$1" = broken ] || backup_takes_work || return 1
  echo "$1" > "$LAB_DIR/profile"
}

# Its host's name is that of config/storage.sh. Cinder 2026.1 answers "enabled" and leaves the service disabled; a record made anew is enabled.
backup_takes_work() {
  inside python "$LAB_HOME/python/backup_is_enabled.py" && return 0
  stop_services cinder-backup
  inside cinder-manage service remove cinder-backup vm >> "$LOGS/profile.log" 2>&1 || return 1
  start_service cinder-backup
  wait_for 60 "cinder-backup to take work (log: $LOGS/cinder-backup.log)" inside python "$LAB_HOME/python/backup_is_enabled.py"
}
