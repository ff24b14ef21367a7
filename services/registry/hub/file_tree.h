#pragma once

#include <string>
#include <vector>

#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// The files of a version as files in folders. Versions keep their files by path. Pure.

struct TreeEntry {
  std::string path;
  const v1::File* file = nullptr;  // The version's; null: a folder.

  // What entries are ordered by: git orders folders as if their names ended with '/'.
  std::string position() const { return file == nullptr ? path + "/" : path; }
};

struct TreeQuery {
  std::string folder;      // Empty: the outermost.
  bool recursive = false;  // What is further below, too.
  std::string after;       // The position of the last entry of the page before.
  size_t limit = 0;
};

// The first file whose path is not before `path`.
using FileList = google::protobuf::RepeatedPtrField<v1::File>;
FileList::const_iterator LowerBound(const FileList& files, const std::string& path);

// Null: there is no such file.
const v1::File* FindFile(const v1::Version& version, const std::string& path);

bool HasFolder(const v1::Version& version, const std::string& path);

// What is in the folder, by position; takes no longer than what it lists is long, and the paths are
// deep.
std::vector<TreeEntry> ListTree(const v1::Version& version, const TreeQuery& query);

}  // namespace ropewalk
