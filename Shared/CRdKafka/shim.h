// What Swift needs of librdkafka. The inline functions stand in for what Swift cannot call:
// variadic functions and macros with casts.
#ifndef SLUICE_CRDKAFKA_SHIM_H
#define SLUICE_CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// The partition that leaves the choice to the partitioner.
static const int32_t shim_partition_unassigned = -1;

/// rd_kafka_producev with a fixed list of arguments.
///
/// Key and value are copied; NULL means null, a pointer with length 0 means empty. While the local
/// queue is full the call blocks, so another thread must serve the delivery reports. `headers` may
/// be NULL; they belong to librdkafka when the call succeeds, and still to the caller when it fails.
/// A `timestamp` of 0 is the present time.
static inline rd_kafka_resp_err_t shim_produce(
    rd_kafka_t *client, const char *topic, int32_t partition, const void *key, size_t key_length,
    const void *value, size_t value_length, rd_kafka_headers_t *headers, int64_t timestamp,
    void *opaque) {
  return rd_kafka_producev(
      client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
      RD_KAFKA_V_KEY((void *)key, key_length), RD_KAFKA_V_VALUE((void *)value, value_length),
      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_OPAQUE(opaque),
      RD_KAFKA_V_END);
}

#endif
