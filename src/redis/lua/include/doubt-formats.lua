-- The values of doubt, see doubt.lua. The world: asked, entered, ever entered, entered today, entered on a usual day, known who
-- were asked, and who entered; time of the last outcome, its day, first week, day of the last warning, day and number of new
-- cells, end of the last trust, codes sent, action, number of alerts that the siege counts. A country: entered, learnt, learnt
-- who entered, day, entered on it and the day before, slot, entered in it and the one before, largest crowd, fullest block;
-- minute of the figures, conversion, entered per day and soon, fullest block; number of weeks. A cell: flags, doubt, its time,
-- minute, codes in it and in the one before.

local WORLD, COUNTRY = '>dddddddI6I4I4I4I4I4I6I4BB', '>I4I4I4I4I4I4I4I4I4ddI4ddI4dB'
local WEEK, CELL = '>I4I4I4', '>BdI6I4I2I2'
-- Statistics of countries are kept for 400 days after the last code.
local REMEMBERED_MS = 34560000000

-- @section cells
-- New cells and numbers that were asked per day, of about 200 bytes each with their key. A flood that goes on adds none;
-- countries and the pool, which are always there, hold whoever comes.
local MOST_NEW_CELLS = 2000000
