#include "services/registry/hub/file_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

// The first file that is not in `folder` nor before it: '0' is what comes after '/'.
FileList::const_iterator FirstBehind(const FileList& files, const std::string& folder) {
  return LowerBound(files, absl::StrCat(folder, "0"));
}

std::string PrefixOf(const std::string& folder) {
  return folder.empty() ? "" : absl::StrCat(folder, "/");
}

// Whether the entry at `last` comes after the folder of `path` that ends at `slash`, or is it:
// folders come right before what is in them.
bool IsListed(const std::string& path, size_t slash, const std::string& last) {
  return last.compare(0, slash + 1, path, 0, slash + 1) == 0;
}

}  // namespace

FileList::const_iterator LowerBound(const FileList& files, const std::string& path) {
  return std::lower_bound(
      files.begin(), files.end(), path,
      [](const v1::File& file, const std::string& bound) { return file.path() < bound; });
}

const v1::File* FindFile(const v1::Version& version, const std::string& path) {
  const auto found = LowerBound(version.files(), path);
  return found != version.files().end() && found->path() == path ? &*found : nullptr;
}

bool HasFolder(const v1::Version& version, const std::string& path) {
  const std::string prefix = absl::StrCat(path, "/");
  const auto found = LowerBound(version.files(), prefix);
  return found != version.files().end() && absl::StartsWith(found->path(), prefix);
}

std::vector<TreeEntry> ListTree(const v1::Version& version, const TreeQuery& query) {
  const FileList& files = version.files();
  const std::string prefix = PrefixOf(query.folder);
  std::vector<TreeEntry> entries;
  std::string last = std::max(prefix, query.after);
  const auto add = [&](TreeEntry entry) {
    last = entry.position();
    entries.push_back(std::move(entry));
  };
  auto file = LowerBound(files, last);
  while (file != files.end() && entries.size() < query.limit) {
    const std::string& path = file->path();
    if (!absl::StartsWith(path, prefix)) break;
    size_t slash = path.find('/', prefix.size());
    while (query.recursive && slash != std::string::npos && IsListed(path, slash, last)) {
      slash = path.find('/', slash + 1);
    }
    if (slash == std::string::npos) {
      if (path != last) add({path, &*file});
      ++file;
      continue;
    }
    // Of the same file again, if what is in the folder is to be listed.
    if (!IsListed(path, slash, last)) add({path.substr(0, slash), nullptr});
    if (!query.recursive) file = FirstBehind(files, path.substr(0, slash));
  }
  return entries;
}

}  // namespace ropewalk
