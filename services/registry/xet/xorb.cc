#include "services/registry/xet/xorb.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Older clients end a xorb with a footer that repeats what its chunks say. It begins with this
// (xet-core, xet_core_structures/src/xorb_object/xorb_object_format.rs), which no header does.
constexpr absl::string_view kFooter = "XETBLOB";

}  // namespace

absl::Status XorbDecoder::Append(absl::string_view piece) {
  received_bytes_ += piece.size();
  if (received_bytes_ > kMaxXorbBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the xorb has more than ", kMaxXorbBytes, " bytes"));
  }
  while (!piece.empty() && !in_footer_) {
    const absl::string_view begin = piece.substr(0, part_bytes_ - part_.size());
    piece.remove_prefix(begin.size());
    if (part_.empty() && begin.size() == part_bytes_) {
      RETURN_IF_ERROR(TakePart(begin));
      continue;
    }
    part_.append(begin.data(), begin.size());
    if (part_.size() < part_bytes_) break;
    RETURN_IF_ERROR(TakePart(part_));
    part_.clear();
  }
  return absl::OkStatus();
}

absl::Status XorbDecoder::TakePart(absl::string_view part) {
  if (!in_header_) return TakeChunk(part);
  in_footer_ = absl::StartsWith(part, kFooter);
  return in_footer_ ? absl::OkStatus() : TakeHeader(part);
}

absl::Status XorbDecoder::TakeHeader(absl::string_view bytes) {
  if (chunks_.size() == kMaxXorbChunks) {
    return absl::InvalidArgumentError(
        absl::StrCat("the xorb has more than ", kMaxXorbChunks, " chunks"));
  }
  ASSIGN_OR_RETURN(header_, ParseChunkHeader(bytes));
  in_header_ = false;
  part_bytes_ = header_.stored_bytes;
  return absl::OkStatus();
}

absl::Status XorbDecoder::TakeChunk(absl::string_view stored) {
  RETURN_IF_ERROR(UnpackChunk(header_, stored, &chunk_));
  chunks_.push_back({HashChunk(chunk_), chunk_.size()});
  ChunkEnd end = ends_.empty() ? ChunkEnd() : ends_.back();
  end.stored += kChunkHeaderBytes + stored.size();
  end.size += chunk_.size();
  ends_.push_back(end);
  in_header_ = true;
  part_bytes_ = kChunkHeaderBytes;
  return absl::OkStatus();
}

absl::Status XorbDecoder::Finish(const XetHash& expected) {
  const bool within_chunk = !in_footer_ && (!in_header_ || !part_.empty());
  if (chunks_.empty() || within_chunk) {
    return absl::InvalidArgumentError("the xorb has not come whole; send it again");
  }
  const XetHash found = HashXorb(chunks_);
  if (found == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the chunks are those of the xorb ",
                                                 XetHashToHex(found), ", not of ",
                                                 XetHashToHex(expected)));
}

}  // namespace ropewalk
