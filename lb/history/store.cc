#include "lb/history/store.h"

#include <sqlite3.h>

#include <cstdio>
#include <utility>

namespace finishline::history {
namespace {

constexpr const char* kSchema =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA auto_vacuum = INCREMENTAL;"
    "CREATE TABLE IF NOT EXISTS blocks(tier INTEGER, series TEXT, start INTEGER, data BLOB, histograms BLOB,"
    " PRIMARY KEY(tier, series, start)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS marks(id INTEGER PRIMARY KEY, time REAL, kind TEXT, text TEXT);"
    "PRAGMA user_version = 1;";
constexpr int kPatienceMs = 2000;  // for another process that still writes

/// A statement that is bound and stepped; finalized at the end.
class Query {
 public:
  Query(sqlite3* database, const char* text) {
    ::sqlite3_prepare_v2(database, text, -1, &statement_, nullptr);
  }
  ~Query() { ::sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(int at, std::int64_t value) {
    ::sqlite3_bind_int64(statement_, at, value);
    return *this;
  }
  Query& real(int at, double value) {
    ::sqlite3_bind_double(statement_, at, value);
    return *this;
  }
  Query& text(int at, std::string_view value) {
    ::sqlite3_bind_text(statement_, at, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Query& blob(int at, std::string_view value) {
    ::sqlite3_bind_blob(statement_, at, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
  }
  bool row() { return ::sqlite3_step(statement_) == SQLITE_ROW; }
  /// Of one that has no rows.
  bool done() { return ::sqlite3_step(statement_) == SQLITE_DONE; }
  std::int64_t number(int at) const { return ::sqlite3_column_int64(statement_, at); }
  double real(int at) const { return ::sqlite3_column_double(statement_, at); }
  std::string column(int at) const {
    const auto* bytes = static_cast<const char*>(::sqlite3_column_blob(statement_, at));
    return bytes == nullptr
               ? ""
               : std::string(bytes, static_cast<std::size_t>(::sqlite3_column_bytes(statement_, at)));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

void Store::Close::operator()(sqlite3* database) const { ::sqlite3_close_v2(database); }

std::variant<Store, std::string> Store::open(const std::string& directory, Use use) {
  const std::string file = directory + "/history.db";
  std::string put_aside;
  for (int attempt = 0; attempt < 2; ++attempt) {
    sqlite3* database = nullptr;
    const int flags = use == Use::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const int opened = ::sqlite3_open_v2(file.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    Store store(database);
    ::sqlite3_busy_timeout(database, kPatienceMs);
    store.put_aside_ = put_aside;
    if (opened == SQLITE_OK && (use == Use::read || store.run(kSchema))) return store;
    const std::string why = file + ": " + store.error();
    const int error = ::sqlite3_errcode(database);
    if (use == Use::read || (error != SQLITE_NOTADB && error != SQLITE_CORRUPT)) return why;
    put_aside = file + ".broken";
    if (std::rename(file.c_str(), put_aside.c_str()) != 0) return why;
    std::rename((file + "-wal").c_str(), (put_aside + "-wal").c_str());  // it is of that file
  }
  return file + ": cannot be begun anew";
}

bool Store::run(const char* statement) const {
  return ::sqlite3_exec(database_.get(), statement, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::string Store::error() const {
  if (!failure_.empty()) return failure_;
  return database_ ? ::sqlite3_errmsg(database_.get()) : "out of memory";
}

void Store::note(bool good) {
  if (!good && failure_.empty()) failure_ = error();
}

bool Store::begin() {
  failure_.clear();
  return run("BEGIN IMMEDIATE");
}

void Store::put(std::size_t tier, std::string_view series, std::int64_t start, const std::string& values,
                const std::string& histograms) {
  Query query(database_.get(), "INSERT OR REPLACE INTO blocks VALUES(?, ?, ?, ?, ?)");
  note(query.bind(1, static_cast<std::int64_t>(tier))
           .text(2, series)
           .bind(3, start)
           .blob(4, values)
           .blob(5, histograms)
           .done());
}

bool Store::commit(std::int64_t now) {
  for (std::size_t tier = 0; tier < std::size(kTiers); ++tier) {
    Query query(database_.get(), "DELETE FROM blocks WHERE tier = ? AND start < ?");
    note(query.bind(1, static_cast<std::int64_t>(tier))
             .bind(2, now - kTiers[tier].kept - kTiers[tier].block_seconds())
             .done());
  }
  return finish();
}

/// What was begun is kept if all of it went well.
bool Store::finish() {
  if (failure_.empty()) note(run("COMMIT"));
  if (failure_.empty()) return true;
  run("ROLLBACK");
  return false;
}

bool Store::put(const std::vector<TimeMark>& marks) {
  if (!begin()) return false;
  for (const TimeMark& it : marks) {
    Query query(database_.get(), "INSERT OR REPLACE INTO marks VALUES(?, ?, ?, ?)");
    note(query.bind(1, static_cast<std::int64_t>(it.id))
             .real(2, it.time)
             .text(3, it.kind)
             .text(4, it.text)
             .done());
  }
  Query forget(database_.get(),
               "DELETE FROM marks WHERE id <= (SELECT id FROM marks ORDER BY id DESC LIMIT 1 OFFSET ?)");
  note(forget.bind(1, static_cast<std::int64_t>(kMarksKept)).done());
  return finish();
}

std::vector<TimeMark> Store::marks() const {
  std::vector<TimeMark> all;
  Query query(database_.get(), "SELECT id, time, kind, text FROM marks ORDER BY id");
  while (query.row())
    all.push_back(
        {static_cast<std::uint64_t>(query.number(0)), query.real(1), query.column(2), query.column(3)});
  return all;
}

Store::Block Store::get(std::size_t tier, std::string_view series, std::int64_t start) const {
  Query query(database_.get(),
              "SELECT data, histograms FROM blocks WHERE tier = ? AND series = ? AND start = ?");
  query.bind(1, static_cast<std::int64_t>(tier)).text(2, series).bind(3, start);
  if (!query.row()) return {};
  return {query.column(0), query.column(1)};
}

std::vector<std::string> Store::names() const {
  std::vector<std::string> names;
  Query query(database_.get(), "SELECT DISTINCT series FROM blocks WHERE tier = 0");
  while (query.row()) names.push_back(query.column(0));
  return names;
}

}  // namespace finishline::history
