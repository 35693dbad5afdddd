# penstock watch in an image of its own: docker compose --profile watch up. It reaches no exchange, and only those alarm
# services whose hosts NOTIFY_HOSTS names, separated by commas. See the Dockerfile for the rest.
FROM denoland/deno:debian-2.9.6 AS build
ARG NOTIFY_HOSTS=
WORKDIR /build
COPY deno.json deno.lock main.ts ./
COPY build ./build
COPY src ./src
COPY std ./std
RUN deno task compile --watch ${NOTIFY_HOSTS:+--notify-host "$NOTIFY_HOSTS"} \
    && mv dist/penstock-watch* /penstock \
    && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /penstock /penstock
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /
ENV NO_PROXY=*
ENV NODE_OPTIONS= OTEL_SDK_DISABLED=true
USER 65532:65532
VOLUME /data
ENTRYPOINT ["/penstock"]
CMD ["data/penstock.db"]
