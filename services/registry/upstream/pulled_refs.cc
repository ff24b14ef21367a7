#include "services/registry/upstream/pulled_refs.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/resource_name.h"
#include "services/registry/git_oid.h"

namespace ropewalk {
namespace {

constexpr char kMark[] = "upstream-";
constexpr size_t kFewestDigits = 7;

absl::string_view NameOf(const v1::Tag& tag) {
  return absl::string_view(tag.name()).substr(tag.name().rfind('/') + 1);
}

bool IsMark(const v1::Tag& tag) {
  absl::string_view name = NameOf(tag);
  return absl::ConsumePrefix(&name, kMark) && IsGitOid(name);
}

// Part of a commit, which clients may give instead of the whole.
bool LooksLikeACommit(const std::string& revision) {
  return revision.size() >= kFewestDigits &&
         std::all_of(revision.begin(), revision.end(), absl::ascii_isxdigit);
}

}  // namespace

std::string MarkOf(absl::string_view commit) { return absl::StrCat(kMark, commit); }

bool IsPulled(const v1::Repository& repository) { return !SomePulledVersion(repository).empty(); }

std::string SomePulledVersion(const v1::Repository& repository) {
  const auto mark = std::find_if(repository.tags().begin(), repository.tags().end(), IsMark);
  return mark == repository.tags().end() ? "" : mark->version();
}

const v1::Tag* FindRef(const v1::Repository& repository, absl::string_view revision) {
  const absl::string_view name = revision == "main" ? "latest" : revision;
  const auto found = std::find_if(repository.tags().begin(), repository.tags().end(),
                                  [&](const v1::Tag& tag) { return NameOf(tag) == name; });
  return found == repository.tags().end() ? nullptr : &*found;
}

bool Follows(const v1::Repository& repository, absl::string_view revision) {
  const v1::Tag* const ref = FindRef(repository, revision);
  if (ref == nullptr || ref->protected_()) return false;
  if (!ref->branch() && NameOf(*ref) != "latest") return false;
  return std::any_of(repository.tags().begin(), repository.tags().end(), [&](const v1::Tag& tag) {
    return IsMark(tag) && tag.version() == ref->version();
  });
}

bool MayBeBranch(const std::string& revision) {
  return ValidateNamePart(revision, "branch").ok() && !LooksLikeACommit(revision) &&
         !absl::StartsWith(revision, kMark) && revision != "latest";
}

}  // namespace ropewalk
