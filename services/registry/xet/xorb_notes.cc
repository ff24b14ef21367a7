#include "services/registry/xet/xorb_notes.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"
#include "services/registry/xet/file_times.h"

namespace ropewalk {

std::string XorbNotes::PathOf(const XetHash& xorb) const {
  const std::string name = XetHashToHex(xorb);
  return absl::StrCat(folder_, "/", name.substr(0, 2), "/", name);
}

// Those of the places that are still there. With `touch` they stay.
absl::StatusOr<XorbPlaces> XorbNotes::Present(const XorbPlaces& noted, bool touch) {
  XorbPlaces there{noted.ends, {}};
  std::map<std::string, bool> present;
  for (const ChunkPlace& place : noted.places) {
    if (present.count(place.digest) == 0) {
      const absl::Status found =
          touch ? blobs_->Touch(place.digest) : blobs_->Stat(place.digest).status();
      if (!found.ok() && !absl::IsNotFound(found)) return found;
      present[place.digest] = found.ok();
    }
    if (present[place.digest]) there.places.push_back(place);
  }
  return there;
}

absl::StatusOr<XorbPlaces> XorbNotes::Load(const XetHash& xorb) {
  const std::string path = PathOf(xorb);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return XorbPlaces();
  RETURN_IF_ERROR(text.status());
  const absl::StatusOr<XorbPlaces> noted = ParseXorbPlaces(*text);
  if (!noted.ok()) return XorbPlaces();
  SetFileTime(path, clock_->Now()).IgnoreError();  // It may be collected meanwhile.
  return Present(*noted, /*touch=*/true);
}

absl::StatusOr<bool> XorbNotes::Add(const XetHash& xorb, const std::vector<uint32_t>& ends,
                                    const std::vector<ChunkPlace>& places) {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(XorbPlaces noted, Load(xorb));
  if (noted.ends.empty()) noted.ends = ends;
  if (noted.ends.empty()) return false;
  bool changed = false;
  for (const ChunkPlace& place : places) {
    if (!noted.Find(place.begin, place.end).empty()) continue;
    noted.places.push_back(place);
    changed = true;
  }
  if (changed) {
    const std::string path = PathOf(xorb);
    RETURN_IF_ERROR(MakeFolders(path.substr(0, path.rfind('/'))));
    RETURN_IF_ERROR(WriteFileAtomically(path, FormatXorbPlaces(noted)));
  }
  return noted.Complete();
}

absl::Status XorbNotes::Remove(const XetHash& xorb) {
  MutexLock lock(&mutex_);
  return RemoveAll(PathOf(xorb));
}

absl::StatusOr<std::vector<XetHash>> XorbNotes::Collect(absl::Time cutoff) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, ListFilesBelow(folder_));
  std::set<std::string> blobs;
  if (!files.empty()) {
    ASSIGN_OR_RETURN(const std::vector<BlobInfo> listed, blobs_->ListBlobs());
    for (const BlobInfo& blob : listed) blobs.insert(blob.name);
  }
  std::vector<XetHash> lost;
  for (const std::string& file : files) {
    const std::string path = absl::StrCat(folder_, "/", file);
    MutexLock lock(&mutex_);
    const absl::StatusOr<FileTimes> info = LookAtFile(path);
    if (!info.ok()) continue;
    const std::optional<XetHash> xorb = ParseXetHash(file.substr(file.rfind('/') + 1));
    if (info->modified <= cutoff) {
      RETURN_IF_ERROR(RemoveAll(path));
    } else if (xorb.has_value()) {  // Not one that a crash has left half-written.
      ASSIGN_OR_RETURN(const bool holds, StillHolds(path, blobs));
      if (!holds) lost.push_back(*xorb);
    }
  }
  return lost;
}

// `blobs` are those that were there a short while ago.
absl::StatusOr<bool> XorbNotes::StillHolds(const std::string& path,
                                           const std::set<std::string>& blobs) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const absl::StatusOr<XorbPlaces> noted = ParseXorbPlaces(text);
  if (!noted.ok()) return false;
  const auto listed = [&](const ChunkPlace& place) { return blobs.count(place.digest) > 0; };
  if (std::all_of(noted->places.begin(), noted->places.end(), listed)) return true;
  ASSIGN_OR_RETURN(const XorbPlaces there, Present(*noted, /*touch=*/false));
  return there.places.size() == noted->places.size() || there.Complete();
}

}  // namespace ropewalk
