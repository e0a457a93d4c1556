//! Rows in aligned columns, a header above; nothing else, so that other programs can read it too.

use callplane_proto::options::v1::Column;
use prost_reflect::DynamicMessage;

use super::cell;

const GAP: &str = "  ";

/// All rows, as wide as they need.
pub fn render(columns: &[Column], rows: &[DynamicMessage]) -> String {
    let mut layout = Layout::new(columns);
    let cells: Vec<Vec<String>> = rows.iter().map(|row| layout.cells(row)).collect();
    cells.iter().for_each(|cells| layout.grow(cells));
    let mut text = layout.header();
    cells.iter().for_each(|cells| text.push_str(&layout.line(cells)));
    text
}

/// Columns and their widths; a stream grows them row by row.
pub struct Layout {
    columns: Vec<Column>,
    widths: Vec<usize>,
}

impl Layout {
    pub fn new(columns: &[Column]) -> Self {
        let widths = columns.iter().map(|column| column.header.chars().count()).collect();
        Layout { columns: columns.to_vec(), widths }
    }

    pub fn cells(&self, row: &DynamicMessage) -> Vec<String> {
        self.columns.iter().map(|column| cell::at(row, &column.path)).collect()
    }

    pub fn grow(&mut self, cells: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }

    pub fn header(&self) -> String {
        let headers: Vec<String> = self.columns.iter().map(|column| column.header.clone()).collect();
        self.line(&headers)
    }

    pub fn line(&self, cells: &[String]) -> String {
        let last = cells.len().saturating_sub(1);
        let mut line = String::new();
        for (index, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
            line.push_str(cell);
            if index < last {
                line.push_str(&" ".repeat(width.saturating_sub(cell.chars().count())));
                line.push_str(GAP);
            }
        }
        line.push('\n');
        line
    }
}
