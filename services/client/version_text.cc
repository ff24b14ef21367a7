#include "services/client/version_text.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "services/client/human.h"
#include "services/client/registry_reference.h"

namespace ropewalk {
namespace {

constexpr size_t kShortDigest = 12;

std::string Metrics(const v1::Lineage& lineage) {
  const std::map<std::string, double> sorted(lineage.metrics().begin(), lineage.metrics().end());
  return absl::StrJoin(sorted, ", ", [](std::string* out, const auto& metric) {
    absl::StrAppendFormat(out, "%s %.4g", metric.first, metric.second);
  });
}

// What is said of where a version comes from, in the order in which it is shown.
std::vector<std::pair<std::string, std::string>> LineageFacts(const v1::Lineage& lineage) {
  return {{"base_model", lineage.base_model()},
          {"base_model_digest", lineage.base_model_digest()},
          {"train_data", absl::StrJoin(lineage.train_data(), ", ")},
          {"job", lineage.job()},
          {"step", lineage.step() == 0 ? "" : absl::StrCat(lineage.step())},
          {"method", lineage.method()},
          {"config_digest", lineage.config_digest()},
          {"metrics", Metrics(lineage)},
          {"author", lineage.author()},
          {"title", lineage.title()}};
}

std::string TagNames(const v1::Repository& repository) {
  return absl::StrJoin(repository.tags(), ", ", [](std::string* out, const v1::Tag& tag) {
    absl::StrAppend(out, LastPart(tag.name()));
  });
}

std::string LatestVersion(const v1::Repository& repository) {
  for (const v1::Tag& tag : repository.tags()) {
    if (LastPart(tag.name()) == "latest") return ShortVersion(tag.version());
  }
  return "";
}

std::map<std::string, const v1::File*> FilesByPath(const v1::Version& version) {
  std::map<std::string, const v1::File*> files;
  for (const v1::File& file : version.files()) files[file.path()] = &file;
  return files;
}

std::string DiffFiles(const v1::Version& a, const v1::Version& b) {
  std::string text;
  const auto old_files = FilesByPath(a), new_files = FilesByPath(b);
  for (const auto& [path, file] : old_files) {
    const auto found = new_files.find(path);
    if (found == new_files.end()) absl::StrAppend(&text, "- ", path, "\n");
    if (found != new_files.end() && found->second->digest() != file->digest()) {
      absl::StrAppend(&text, "~ ", path, "  ", HumanBytes(file->size_bytes()), " -> ",
                      HumanBytes(found->second->size_bytes()), "\n");
    }
  }
  for (const auto& [path, file] : new_files) {
    if (old_files.count(path) == 0) absl::StrAppend(&text, "+ ", path, "\n");
  }
  return text;
}

}  // namespace

Table RepositoryTable(const std::vector<v1::Repository>& repositories, absl::Time now) {
  Table table({"NAME", "LATEST", "VERSIONS", "TAGS", "UPDATED"});
  for (const v1::Repository& repository : repositories) {
    table.AddRow({repository.name().substr(repository.name().find('/') + 1),
                  LatestVersion(repository), absl::StrCat(repository.version_count()),
                  TagNames(repository), Age(repository.update_time(), now)});
  }
  return table;
}

Table VersionTable(const std::vector<v1::Version>& versions, bool wide, absl::Time now) {
  std::vector<std::string> headings = {"VERSION", "TAGS", "SIZE", "METRICS", "AGE"};
  if (wide) headings.insert(headings.end(), {"JOB", "METHOD", "BASE"});
  Table table(headings);
  for (const v1::Version& version : versions) {
    const v1::Lineage& lineage = version.lineage();
    std::vector<std::string> row = {
        ShortVersion(version.name()), absl::StrJoin(version.tags(), ", "),
        HumanBytes(version.total_bytes()), Metrics(lineage), Age(version.create_time(), now)};
    if (wide) {
      row.insert(row.end(), {LastPart(lineage.job()), lineage.method(),
                             lineage.base_model_digest().substr(0, kShortDigest)});
    }
    table.AddRow(row);
  }
  return table;
}

std::string DescribeVersion(const v1::Version& version, absl::Time now) {
  std::string text =
      absl::StrCat("name: ", version.name(), "\ntags: ", absl::StrJoin(version.tags(), ", "),
                   "\nage: ", Age(version.create_time(), now), "\n");
  for (const auto& [fact, value] : LineageFacts(version.lineage())) {
    if (!value.empty()) absl::StrAppend(&text, fact, ": ", value, "\n");
  }
  absl::StrAppend(&text, "\n");
  Table files({"FILE", "SIZE", "SHA256"});
  for (const v1::File& file : version.files()) {
    files.AddRow(
        {file.path(), HumanBytes(file.size_bytes()), file.digest().substr(0, kShortDigest)});
  }
  return text + files.Render();
}

std::string DiffVersions(const v1::Version& a, const v1::Version& b) {
  std::string text = DiffFiles(a, b);
  const auto old_facts = LineageFacts(a.lineage()), new_facts = LineageFacts(b.lineage());
  for (size_t i = 0; i < old_facts.size(); ++i) {
    const std::string &before = old_facts[i].second, &after = new_facts[i].second;
    if (before == after) continue;
    absl::StrAppend(&text, old_facts[i].first, ": ", before.empty() ? "-" : before, " -> ",
                    after.empty() ? "-" : after, "\n");
  }
  return text;
}

}  // namespace ropewalk
