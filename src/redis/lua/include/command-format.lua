-- The last commands of a number are a section of its value: a name of 9 characters for each, its stamp, the length of
-- its line of the reply and the line.

local COMMANDS, COMMAND = 't       ', '>c9I6Bc0'

-- @section bounds
-- Bytes of the commands before another one, about eight; of a line; and sections of a value on the fast path.
local MAX_COMMANDS, MAX_LINE, MAX_SECTIONS = 200, 255, 8
local SECTIONS_1 = '>I2c8I4I2c0'
local SECTIONS_2 = '>I2c8I4I2c0c8I4I2c0'
local SECTIONS_3 = '>I2c8I4I2c0c8I4I2c0c8I4I2c0'
local SECTIONS_4 = '>I2c8I4I2c0c8I4I2c0c8I4I2c0c8I4I2c0'
