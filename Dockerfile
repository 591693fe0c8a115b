# A static binary on nothing: no shell, no package manager, no root.
ARG GO_VERSION=1.26

FROM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath \
      -ldflags "-s -w -X main.version=${VERSION}" \
      -o /out/pg-gateway . \
 && cp "$(go env GOROOT)/lib/time/zoneinfo.zip" /out/zoneinfo.zip

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="pg-gateway" \
      org.opencontainers.image.description="Payment gateway proxy for Korean commerce" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# PGs are called over TLS, and the windows of the rules are in Korean time.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/zoneinfo.zip /zoneinfo.zip
# So that `kubectl exec ... -- /pg-gateway cases list` reads the configuration that serves.
ENV PG_GATEWAY_CONFIG_FILE=/etc/pg-gateway/config.yaml
ENV ZONEINFO=/zoneinfo.zip
COPY --from=build /out/pg-gateway /pg-gateway
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/pg-gateway"]
CMD ["serve", "--config.file=/etc/pg-gateway/config.yaml"]
