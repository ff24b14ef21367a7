#include "worker/ring/chunk_check.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

std::string Describe(const ChunkHeader& header) {
  return absl::StrCat("chunk ", header.chunk, " of block ", header.block, " of buffer ",
                      header.buffer, " in ring step ", header.ring_step, " of step ", header.step,
                      ", attempt ", header.attempt);
}

}  // namespace

absl::Status CorruptChunkError(const ChunkHeader& header) {
  return absl::DataLossError(absl::StrCat(Describe(header), " does not match its CRC"));
}

absl::Status WrongSumError(const ChunkHeader& header) {
  return absl::DataLossError(absl::StrCat(
      Describe(header),
      " is not the sum of what was put in: a memory or processor on its way is faulty"));
}

absl::Status CheckChunk(const Chunk& chunk, const ChunkHeader& expected) {
  const ChunkHeader& header = chunk.header;
  if (header.generation != expected.generation || header.step != expected.step ||
      header.attempt != expected.attempt) {
    return absl::AbortedError(absl::StrCat("expected a chunk of step ", expected.step, ", attempt ",
                                           expected.attempt, " of generation ", expected.generation,
                                           ", got ", Describe(header), " of generation ",
                                           header.generation));
  }
  if (header.fingerprint != expected.fingerprint) {
    return absl::FailedPreconditionError(
        absl::StrCat("the ranks reduce buffers of different counts or ops in step ", expected.step,
                     ", attempt ", expected.attempt));
  }
  ChunkHeader with_checks = expected;
  with_checks.payload_crc = header.payload_crc;
  with_checks.element_sum = header.element_sum;
  if (header != with_checks) {
    return absl::InternalError(
        absl::StrCat("expected ", Describe(expected), ", got ", Describe(header)));
  }
  if (chunk.payload.size() != expected.length) return CorruptChunkError(expected);
  return absl::OkStatus();
}

}  // namespace ropewalk
