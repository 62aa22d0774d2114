# shellcheck shell=bash
# Two authorities (the cluster's and etcd's), what they sign, and the kubeconfig files.

authority() { # name
  [ -f "$CERTS/$1.key" ] && return 0
  openssl ecparam -name prime256v1 -genkey -noout -out "$CERTS/$1.key" &&
    openssl req -x509 -new -key "$CERTS/$1.key" -sha256 -days 1825 -subj "/CN=$1" -out "$CERTS/$1.crt"
}

certificate() { # authority name subject usage
  [ -f "$CERTS/$2.crt" ] && openssl x509 -checkend 864000 -noout -in "$CERTS/$2.crt" >/dev/null && return 0
  openssl ecparam -name prime256v1 -genkey -noout -out "$CERTS/$2.key" &&
    openssl req -new -key "$CERTS/$2.key" -subj "$3" -out "$CERTS/$2.csr" &&
    openssl x509 -req -in "$CERTS/$2.csr" -CA "$CERTS/$1.crt" -CAkey "$CERTS/$1.key" -CAcreateserial -sha256 -days 90 \
      -extfile <(printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1\n' "$4") \
      -out "$CERTS/$2.crt"
}

kubeconfig() { # certificate file
  ( umask 077
    cat > "$2" <<EOF
apiVersion: v1
kind: Config
current-context: lab
clusters:
  - name: lab
    cluster: {server: "https://$ADDRESS:$API_PORT", certificate-authority-data: $(base64 -w0 < "$CERTS/cluster.crt")}
users:
  - name: $1
    user: {client-certificate-data: $(base64 -w0 < "$CERTS/$1.crt"), client-key-data: $(base64 -w0 < "$CERTS/$1.key")}
contexts:
  - name: lab
    context: {cluster: lab, user: $1}
EOF
  )
}

make_certificates() {
  {
    authority cluster && authority etcd || return 1
    certificate cluster api-server /CN=kube-apiserver serverAuth || return 1
    certificate cluster admin /O=system:masters/CN=admin clientAuth || return 1
    certificate cluster controller-manager /CN=system:kube-controller-manager clientAuth,serverAuth || return 1
    certificate cluster scheduler /CN=system:kube-scheduler clientAuth,serverAuth || return 1
    certificate etcd etcd-server /CN=etcd serverAuth,clientAuth || return 1
    certificate etcd etcd-client /CN=kube-apiserver clientAuth || return 1
    [ -f "$CERTS/service-account.key" ] || openssl genrsa -out "$CERTS/service-account.key" 2048
  } 2>> "$LOGS/certificates.log"
  kubeconfig admin "$LAB_DIR/admin.kubeconfig"
  kubeconfig controller-manager "$LAB_DIR/controller-manager.kubeconfig"
  kubeconfig scheduler "$LAB_DIR/scheduler.kubeconfig"
}
