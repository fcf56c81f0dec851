mod add;
mod delete;
mod list;
mod replace;
