#include "services/common/resource_name.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/common/nearest_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxPartBytes = 96;
constexpr size_t kMaxPathBytes = 512;

const std::vector<std::string>& Kinds() {
  static const auto* const kinds =
      new std::vector<std::string>{"models", "adapters", "datasets", "checkpoints"};
  return *kinds;
}

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c); }

// A version, or the commit that the Hub's clients know it by.
bool LooksLikeAVersion(absl::string_view part) {
  return (part.size() == 40 || part.size() == 64) &&
         std::all_of(part.begin(), part.end(), absl::ascii_isxdigit);
}

bool IsPartCharacter(char c) { return IsWordCharacter(c) || c == '.' || c == '_' || c == '-'; }

absl::Status BadName(absl::string_view name) {
  return absl::InvalidArgumentError(absl::StrCat(
      "'", absl::CHexEscape(name),
      "' is not a name; give \"{kind}/{namespace}/{name}\", and \"/versions/{version}\" or "
      "\"/tags/{tag}\" after it for one version"));
}

absl::Status ValidateVersionPart(absl::string_view version) {
  if (IsSha256Hex(version)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", absl::CHexEscape(version),
                                                 "' is not a version; allowed are 64 hex digits in "
                                                 "lower case"));
}

absl::Status ParseRevision(const std::vector<absl::string_view>& parts, ResourceName* result) {
  if (parts[3] == "versions") {
    result->version = std::string(parts[4]);
    return ValidateVersionPart(parts[4]);
  }
  if (parts[3] == "tags") {
    result->tag = std::string(parts[4]);
    return ValidateNamePart(parts[4], "tag");
  }
  return BadName(absl::StrJoin(parts, "/"));
}

absl::Status BadPath(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the path '", absl::CHexEscape(path.substr(0, kMaxPathBytes)), "' ", why,
                   "; allowed are relative paths of at most ", kMaxPathBytes,
                   " bytes, with '/' between their parts and no part \".\" or \"..\""));
}

}  // namespace

std::string ResourceName::kind() const { return repository.substr(0, repository.find('/')); }

std::string ResourceName::ToString() const {
  if (!version.empty()) return VersionName(repository, version);
  if (!tag.empty()) return TagName(repository, tag);
  return repository;
}

absl::StatusOr<ResourceName> ParseResourceName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 3 && parts.size() != 5) return BadName(name);
  RETURN_IF_ERROR(ValidateKind(parts[0]));
  RETURN_IF_ERROR(ValidateNamePart(parts[1], "namespace"));
  RETURN_IF_ERROR(ValidateNamePart(parts[2], "name"));
  ResourceName result;
  result.repository = absl::StrCat(parts[0], "/", parts[1], "/", parts[2]);
  if (parts.size() == 5) RETURN_IF_ERROR(ParseRevision(parts, &result));
  return result;
}

absl::Status ValidateRepositoryName(absl::string_view name) {
  ASSIGN_OR_RETURN(const ResourceName parsed, ParseResourceName(name));
  if (parsed.repository == name) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' names a version or tag; give the repository alone, \"",
                   parsed.repository, "\""));
}

absl::Status ValidateKind(absl::string_view kind) {
  const std::vector<std::string>& kinds = Kinds();
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(kind), "' is not a kind of repository; allowed are ",
                   absl::StrJoin(kinds, ", "), DidYouMean(kind, kinds)));
}

absl::Status ValidateNamePart(absl::string_view part, absl::string_view what) {
  const bool good = !part.empty() && part.size() <= kMaxPartBytes && IsWordCharacter(part[0]) &&
                    std::all_of(part.begin(), part.end(), IsPartCharacter) &&
                    !absl::StrContains(part, "..") && !LooksLikeAVersion(part);
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(part), "' is not allowed as a ", what,
                   "; allowed are 1 to ", kMaxPartBytes,
                   " characters A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter or digit, "
                   "without \"..\", that are not a digest"));
}

absl::Status ValidateFilePath(absl::string_view path) {
  if (path.empty()) return BadPath(path, "is empty");
  if (path.size() > kMaxPathBytes) return BadPath(path, "is too long");
  for (const char c : path) {
    if (absl::ascii_iscntrl(c) || c == '\\') return BadPath(path, "has a character not allowed");
  }
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty()) return BadPath(path, "has an empty part");
    if (part == "." || part == "..") return BadPath(path, "has a part that leads elsewhere");
  }
  return absl::OkStatus();
}

std::string NamespaceOf(absl::string_view repository) {
  const size_t begin = repository.find('/') + 1;
  return std::string(repository.substr(begin, repository.find('/', begin) - begin));
}

std::string VersionName(absl::string_view repository, absl::string_view version) {
  return absl::StrCat(repository, "/versions/", version);
}

std::string TagName(absl::string_view repository, absl::string_view tag) {
  return absl::StrCat(repository, "/tags/", tag);
}

}  // namespace ropewalk
