#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/chat/jinja/callable.h"
#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

// A template as a tree, in the terms of Jinja's manual. Names and texts point into Ast::source and
// Ast::strings.

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using Block = std::vector<std::unique_ptr<Stmt>>;

struct Literal {
  Value value;
};

struct Name {
  absl::string_view name;
};

struct Unary {
  char op;  // '!' for not, '-', '+'
  ExprPtr operand;
};

// Arithmetic, and `and`, `or`.
struct Binary {
  enum class Op : uint8_t { kAdd, kSub, kMul, kDiv, kFloorDiv, kMod, kPow, kAnd, kOr };
  Op op;
  ExprPtr left, right;
};

// a ~ b ~ c
struct Concat {
  std::vector<ExprPtr> parts;
};

// a < b <= c
struct Comparison {
  enum class Op : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kIn, kNotIn };
  ExprPtr first;
  std::vector<std::pair<Op, ExprPtr>> rest;
};

// then if test else otherwise; `otherwise` may be missing.
struct Conditional {
  ExprPtr test, then, otherwise;
};

struct Attribute {
  ExprPtr object;
  absl::string_view name;
};

struct Subscript {
  ExprPtr object, key;
};

// object[begin:end:step]; each bound may be missing.
struct Slice {
  ExprPtr object, begin, end, step;
};

struct CallArguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<absl::string_view, ExprPtr>> named;
  ExprPtr star, star_star;  // *positional, **named
};

struct Call {
  ExprPtr callee;
  CallArguments arguments;
};

// operand|name(...); without an operand for a block.
struct Filter {
  ExprPtr operand;
  absl::string_view name;
  Native function;
  CallArguments arguments;
};

struct Test {
  ExprPtr operand;
  absl::string_view name;
  Native function;
  CallArguments arguments;
};

struct ListDisplay {
  bool is_tuple;
  std::vector<ExprPtr> items;
};

struct DictDisplay {
  std::vector<std::pair<ExprPtr, ExprPtr>> entries;
};

struct Expr {
  using Node =
      std::variant<Literal, Name, Unary, Binary, Concat, Comparison, Conditional, Attribute,
                   Subscript, Slice, Call, Filter, Test, ListDisplay, DictDisplay>;
  int line = 0;
  int depth = 0;  // of the tree below; Parse bounds it
  Node node;
};

// What `set` and `for` assign to: a name, an attribute of a namespace, or several in a tuple.
struct Target {
  absl::string_view name;
  absl::string_view attribute;
  bool is_tuple = false;
  std::vector<Target> elements;
};

struct Text {
  absl::string_view text;
};

struct Output {
  ExprPtr value;
};

struct If {
  std::vector<std::pair<ExprPtr, Block>> branches;
  Block otherwise;
};

struct For {
  Target target;
  ExprPtr iterable, condition;  // the latter may be missing
  Block body, otherwise;
};

struct Set {
  Target target;
  ExprPtr value;
};

// {% set x %}...{% endset %}, with filters in the order of their use.
struct SetBlock {
  Target target;
  std::vector<ExprPtr> filters;
  Block body;
};

struct Macro {
  absl::string_view name;
  std::vector<absl::string_view> parameters;
  std::vector<ExprPtr> defaults;  // of the last parameters
  bool takes_varargs = false, takes_kwargs = false, takes_caller = false;
  Block body;
};

// {% call(parameters) callee() %}: `call` gets the body as the macro `caller`.
struct CallBlock {
  Macro caller;
  ExprPtr call;
};

struct FilterBlock {
  std::vector<ExprPtr> filters;
  Block body;
};

struct With {
  std::vector<std::pair<Target, ExprPtr>> values;
  Block body;
};

// {% generation %}: what the assistant says.
struct Generation {
  Block body;
};

struct Break {};
struct Continue {};

struct Stmt {
  using Node = std::variant<Text, Output, If, For, Set, SetBlock, Macro, CallBlock, FilterBlock,
                            With, Generation, Break, Continue>;
  int line = 0;
  Node node;
};

struct Ast {
  std::string source;
  std::deque<std::string> strings;
  Block body;
  bool has_generation = false;
};

}  // namespace ropewalk::jinja
