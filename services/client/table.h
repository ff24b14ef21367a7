#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ropewalk {

// Rows under upper-case headings, columns aligned to the left and three blanks apart.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}

  // An empty cell shows as "-". REQUIRES: as many cells as there are headings.
  void AddRow(std::vector<std::string> cells);

  // Every line ends with a newline and has no blanks at its end.
  std::string Render() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ropewalk
