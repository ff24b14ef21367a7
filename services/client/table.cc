#include "services/client/table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr size_t kGap = 3;

std::vector<size_t> Widths(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  return widths;
}

std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppend(&line, cells[i], std::string(widths[i] + kGap - cells[i].size(), ' '));
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line + "\n";
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  std::replace(cells.begin(), cells.end(), std::string(), std::string("-"));
  rows_.push_back(std::move(cells));
}

std::string Table::Render() const {
  const std::vector<size_t> widths = Widths(rows_);
  std::string text;
  for (const auto& row : rows_) text += Line(row, widths);
  return text;
}

}  // namespace ropewalk
