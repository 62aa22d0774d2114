# shellcheck shell=bash disable=SC2034,SC2054
# The command of each process. All listen on the loopback address and speak TLS.

ORDER=(etcd kube-apiserver kube-controller-manager kube-scheduler kwok)

service_etcd() {
  COMMAND=("$BIN/etcd" --name lab --data-dir "$DATA/etcd"
    --listen-client-urls "https://$ADDRESS:12379" --advertise-client-urls "https://$ADDRESS:12379"
    --listen-peer-urls "https://$ADDRESS:12380" --initial-advertise-peer-urls "https://$ADDRESS:12380"
    --initial-cluster "lab=https://$ADDRESS:12380"
    --cert-file "$CERTS/etcd-server.crt" --key-file "$CERTS/etcd-server.key" --trusted-ca-file "$CERTS/etcd.crt" --client-cert-auth
    --peer-cert-file "$CERTS/etcd-server.crt" --peer-key-file "$CERTS/etcd-server.key" --peer-trusted-ca-file "$CERTS/etcd.crt" --peer-client-cert-auth
    --log-level warn)
}
service_kube_apiserver() {
  COMMAND=("$BIN/kube-apiserver" --bind-address "$ADDRESS" --advertise-address "$ADDRESS" --secure-port "$API_PORT"
    --endpoint-reconciler-type none
    --etcd-servers "https://$ADDRESS:12379" --etcd-cafile "$CERTS/etcd.crt" --etcd-certfile "$CERTS/etcd-client.crt" --etcd-keyfile "$CERTS/etcd-client.key"
    --tls-cert-file "$CERTS/api-server.crt" --tls-private-key-file "$CERTS/api-server.key" --client-ca-file "$CERTS/cluster.crt"
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction,PodSecurity --anonymous-auth=false
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$CERTS/service-account.key"
    --service-account-signing-key-file "$CERTS/service-account.key" --service-cluster-ip-range 10.96.0.0/16
    --allow-privileged=false --profiling=false)
}
service_kube_controller_manager() {
  COMMAND=("$BIN/kube-controller-manager" --bind-address "$ADDRESS" --kubeconfig "$LAB_DIR/controller-manager.kubeconfig"
    --authentication-kubeconfig "$LAB_DIR/controller-manager.kubeconfig" --authorization-kubeconfig "$LAB_DIR/controller-manager.kubeconfig"
    --tls-cert-file "$CERTS/controller-manager.crt" --tls-private-key-file "$CERTS/controller-manager.key"
    --use-service-account-credentials --service-account-private-key-file "$CERTS/service-account.key" --root-ca-file "$CERTS/cluster.crt"
    --cluster-signing-cert-file "$CERTS/cluster.crt" --cluster-signing-key-file "$CERTS/cluster.key"
    --leader-elect=false --profiling=false)
}
service_kube_scheduler() {
  COMMAND=("$BIN/kube-scheduler" --bind-address "$ADDRESS" --kubeconfig "$LAB_DIR/scheduler.kubeconfig"
    --authentication-kubeconfig "$LAB_DIR/scheduler.kubeconfig" --authorization-kubeconfig "$LAB_DIR/scheduler.kubeconfig"
    --tls-cert-file "$CERTS/scheduler.crt" --tls-private-key-file "$CERTS/scheduler.key" --leader-elect=false --profiling=false)
}
# Plays the kubelet of each node: says that nodes are ready and that pods run. No container is started.
service_kwok() {
  COMMAND=("$BIN/kwok" --kubeconfig "$LAB_DIR/admin.kubeconfig" --config "$LAB_DIR/kwok.yaml" --manage-all-nodes=true --server-address "$ADDRESS:10247" --node-ip "$ADDRESS")
}
